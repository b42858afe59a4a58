import { expect } from "chai";
import { inTime, workTime } from "./call.ts";

describe("workTime", () => {
  it("keeps back a quarter of a second, and a fifth of the time at most", () => {
    const given = [2_000, 1_250, 200, 10, 1, 0, -5];
    expect(given.map(workTime)).to.deep.equal([1_750, 1_000, 160, 8, 1, 1, 1]);
  });
});

describe("inTime", () => {
  it("waits for ever where the caller does", async () => {
    expect(await inTime({}, Promise.resolve("done"))).to.equal("done");
  });

  it("fails before the caller's deadline, and lets the work go on", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const failure = await inTime({ timeoutMs: 10 }, promise).catch((reason: unknown) => reason);
    expect(failure).to.include({ reason: "DEADLINE_EXCEEDED" });
    resolve("done");
    expect(await promise).to.equal("done");
  });
});
