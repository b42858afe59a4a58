import { expect } from "chai";
import { samplerOf } from "./sampler.ts";

const caller = (isSampled: boolean) => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  isSampled,
});

describe("samplerOf", () => {
  it("does not let a client decide", () => {
    for (const client of [undefined, caller(true), caller(false)]) {
      expect(samplerOf("always_on", 0)(client)).to.equal(true);
      expect(samplerOf("always_off", 1)(client)).to.equal(false);
      expect(samplerOf("traceidratio", 1)(client)).to.equal(true);
      expect(samplerOf("traceidratio", 0)(client)).to.equal(false);
    }
  });

  it("does as a gateway does, and decides itself for requests without a trace", () => {
    for (const word of [
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ] as const) {
      expect(samplerOf(word, 0.5)(caller(true)), word).to.equal(true);
      expect(samplerOf(word, 0.5)(caller(false)), word).to.equal(false);
    }
    expect(samplerOf("parentbased_always_on", 0)(undefined)).to.equal(true);
    expect(samplerOf("parentbased_always_off", 1)(undefined)).to.equal(false);
    expect(samplerOf("parentbased_traceidratio", 1)(undefined)).to.equal(true);
  });

  it("records about the share that it is told", () => {
    const sampler = samplerOf("traceidratio", 0.25);
    const recorded = Array.from({ length: 10_000 }, () => sampler(caller(true))).filter(Boolean);
    expect(recorded.length).to.be.within(2_000, 3_000);
  });
});
