import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { inTime } from "./by-event.ts";

describe("inTime", () => {
  it("leaves most of the time to the work, however little there is", async () => {
    expect(await inTime({ timeoutMs: 200 }, setTimeout(10, "done"))).to.equal("done");
  });

  it("waits as long as its caller does for ever", async () => {
    expect(await inTime({}, Promise.resolve("done"))).to.equal("done");
  });

  it("fails shortly before the caller's deadline, and lets the work go on", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const failure = await inTime({ timeoutMs: 10 }, promise).catch((reason: unknown) => reason);
    expect(failure).to.include({ reason: "DEADLINE_EXCEEDED" });
    resolve("done");
    expect(await promise).to.equal("done");
  });
});
