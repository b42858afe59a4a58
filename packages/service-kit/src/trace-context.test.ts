import { expect } from "chai";
import {
  newTraceparent,
  parseTraceparent,
  traceIdOf,
  unsampledTraceparent,
} from "./trace-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("parseTraceparent", () => {
  const valid: readonly [string, boolean][] = [
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, false],
    // Of the flags only the last bit says "sampled"; the others are for later versions.
    [`00-${traceId}-${spanId}-03`, true],
    [`00-${traceId}-${spanId}-fe`, false],
    // Later versions begin with the same fields, and may go on.
    [`cc-${traceId}-${spanId}-01`, true],
    [`cc-${traceId}-${spanId}-01-what-the-future-brings`, true],
  ];
  for (const [header, isSampled] of valid) {
    it(`reads ${header}`, () => {
      expect(parseTraceparent(header)).to.deep.equal({ traceId, spanId, isSampled });
    });
  }

  const invalid = [
    undefined,
    null,
    "",
    [`00-${traceId}-${spanId}-01`],
    "00-0-0-00",
    `ff-${traceId}-${spanId}-01`,
    `0-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}-011`,
    `cc-${traceId}-${spanId}-011`,
    ` 00-${traceId}-${spanId}-01`,
    // What Node makes of two headers.
    `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
  ];
  for (const header of invalid) {
    it(`refuses ${JSON.stringify(header)}`, () => {
      expect(parseTraceparent(header)).to.equal(undefined);
    });
  }
});

describe("newTraceparent", () => {
  it("makes contexts that are valid, not sampled, and different", () => {
    const contexts = Array.from({ length: 100 }, () => parseTraceparent(newTraceparent()));
    expect(contexts.every((context) => context?.isSampled === false)).to.equal(true);
    expect(new Set(contexts.map((context) => context?.traceId)).size).to.equal(100);
  });

  it("takes its id from a UUID", () => {
    const traceparent = newTraceparent("7b0ad9f2-3c41-4e8f-9b13-1f2d3c4b5a69");
    expect(traceIdOf(traceparent)).to.equal("7b0ad9f23c414e8f9b131f2d3c4b5a69");
  });
});

describe("unsampledTraceparent", () => {
  it("goes on with a trace, and says that nobody records it here", () => {
    const traceparent = unsampledTraceparent({ traceId, spanId, isSampled: true });
    expect(traceparent).to.equal(`00-${traceId}-${spanId}-00`);
  });
});
