import { expect } from "chai";
import type { Operation, Outcome } from "../history.ts";
import { secondsOf } from "./seconds.ts";

describe("secondsOf()", () => {
  it("counts what ended in each second of the run, and says how long answers took", () => {
    const operations = [
      ...Array.from({ length: 19 }, (_unused, index) => ended("ok", 100 + index, 110 + index)),
      ended("ok", 100, 900),
      ended("refused", 900, 1_050, { status: 409, code: "SOLD_OUT" }),
      ended("unknown", 500, 1_060),
      ended("unknown", 1_000, undefined),
    ];
    expect(secondsOf(operations, 10)).to.deep.equal([
      { at: 10, done: 20, refused: 0, failed: 0, p95Ms: 800 },
      { at: 11, done: 0, refused: 1, failed: 1, p95Ms: 150 },
    ]);
  });

  it("has no latency where nothing was answered", () => {
    expect(secondsOf([ended("unknown", 0, 5)], 0)[0]?.p95Ms).to.equal(undefined);
    expect(secondsOf([], 0)).to.deep.equal([]);
  });
});

function ended(
  outcome: Outcome,
  startMs: number,
  endMs: number | undefined,
  { status = 200, code = undefined as string | undefined } = {},
): Operation {
  const isTold = outcome !== "unknown";
  return {
    ...{ number: 1, userId: "somebody", key: undefined, startMs, endMs, outcome },
    wish: { kind: "join", eventId: "an event" },
    told: isTold ? { status, code, retryAfter: undefined, isReplay: false } : undefined,
    lost: isTold ? undefined : "ECONNRESET",
  };
}
