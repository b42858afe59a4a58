import { setImmediate } from "node:timers/promises";
import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import { type Answer, type CallOptions, Combiner } from "./combiner.ts";

function newCombiner(timeoutMs: number, now?: () => number) {
  const sent: { entries: string[]; timeoutMs: number }[] = [];
  const gate = Promise.withResolvers<void>();
  const combiner = new Combiner<string, string>({
    operation: "test",
    settings: { maxBatch: 2, maxInFlight: 1, maxQueue: 10, timeoutMs },
    onBatch: () => undefined,
    ...(now === undefined ? {} : { now }),
    send: async (entries: string[], options: CallOptions): Promise<Answer<string>[]> => {
      sent.push({ entries, timeoutMs: options.timeoutMs });
      await gate.promise;
      return entries.map((granted) => ({ granted }));
    },
  });
  const submit = (entry: string) => combiner.submit({ isGone: false, call: undefined }, entry);
  return { combiner, sent, gate, submit };
}

describe("Combiner", () => {
  it("answers each asker at its deadline, and never sends what waited until then", async () => {
    const { combiner, sent, gate, submit } = newCombiner(200);
    const first = rejectionOf(submit("a"));
    await setImmediate();
    const waiting = rejectionOf(submit("b"));
    // The call itself knows no deadline.
    expect(await first).to.include({
      reason: "DEADLINE_EXCEEDED",
      message: "no answer came in time",
    });
    expect(await waiting).to.include({
      reason: "DEADLINE_EXCEEDED",
      message: "the request waited too long to be sent",
    });
    gate.resolve();
    await combiner.drain();
    expect(await submit("c")).to.equal("c");
    expect(sent.map(({ entries }) => entries)).to.deep.equal([["a"], ["c"]]);
  });

  it("refuses what has less time left than calls took of late, and sends the rest", async () => {
    // Far ahead of the timers, which ring at no entry's deadline here.
    let time = Math.ceil(performance.now());
    const { sent, gate, submit } = newCombiner(60_000, () => time);
    const first = submit("a");
    await setImmediate();
    const late = rejectionOf(submit("b"));
    time += 20_000;
    const timely = submit("c");
    time += 20_000;
    gate.resolve();
    expect(await first).to.equal("a");
    expect(await late).to.include({
      reason: "OVERLOADED",
      message: "the test queue left no time for an answer",
    });
    expect(await timely).to.equal("c");
    expect(sent).to.deep.equal([
      { entries: ["a"], timeoutMs: 60_000 },
      { entries: ["c"], timeoutMs: 40_000 },
    ]);
  });

  it("tries again with whatever comes fresh after a call that took all of its time", async () => {
    let time = Math.ceil(performance.now());
    const { gate, submit } = newCombiner(60_000, () => time);
    const first = submit("a");
    await setImmediate();
    time += 60_000;
    gate.resolve();
    await first;
    const second = submit("b");
    time += 15_000;
    expect(await second).to.equal("b");
    const third = rejectionOf(submit("c"));
    time += 15_001;
    expect(await third).to.include({ reason: "OVERLOADED" });
  });
});
