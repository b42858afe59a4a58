import { setImmediate } from "node:timers/promises";
import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import { type CallOptions, Combiner } from "./combiner.ts";

function newCombiner(timeoutMs: number, now?: () => number, maxInFlight = 1) {
  const sent: { entries: string[]; timeoutMs: number }[] = [];
  const sizes: number[] = [];
  let gate = Promise.withResolvers<void>();
  const combiner = new Combiner<string, string>({
    operation: "test",
    settings: { maxBatch: 2, maxInFlight, maxQueue: 10, timeoutMs },
    onBatch: (size) => sizes.push(size),
    ...(now === undefined ? {} : { now }),
    send: async (entries: string[], options: CallOptions): Promise<string[]> => {
      sent.push({ entries, timeoutMs: options.timeoutMs });
      await gate.promise;
      gate = Promise.withResolvers<void>();
      return entries;
    },
  });
  const submit = (entry: string) => combiner.submit({ isGone: false, call: undefined }, entry);
  const answer = () => gate.resolve();
  /** A call that takes so long, answered. */
  const take = async (pass: () => void) => {
    const call = submit("slow");
    await setImmediate();
    pass();
    answer();
    await call;
  };
  return { combiner, sent, sizes, answer, submit, take };
}

describe("Combiner", () => {
  it("answers each asker at its deadline, and never sends what waited until then", async () => {
    const { combiner, sent, answer, submit } = newCombiner(200);
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
    answer();
    await combiner.drain();
    answer();
    expect(await submit("c")).to.equal("c");
    expect(sent.map(({ entries }) => entries)).to.deep.equal([["a"], ["c"]]);
  });

  it("refuses what has less time left than two calls took of late, and sends the rest", async () => {
    // Far ahead of the timers, which ring at no entry's deadline here.
    let time = Math.ceil(performance.now());
    const { sent, sizes, answer, submit, take } = newCombiner(60_000, () => time);
    await take(() => {
      time += 21_000;
    });
    const first = submit("a");
    await setImmediate();
    const late = rejectionOf(submit("b"));
    time += 3_000;
    const timely = submit("c");
    time += 18_000;
    answer();
    expect(await first).to.equal("a");
    // Told before the others are answered.
    expect(await late).to.include({
      reason: "OVERLOADED",
      message: "the test queue left no time for an answer",
    });
    answer();
    expect(await timely).to.equal("c");
    expect(sent.slice(1)).to.deep.equal([
      { entries: ["a"], timeoutMs: 60_000 },
      { entries: ["c"], timeoutMs: 42_000 },
    ]);
    expect(sizes, "of what was sent").to.deep.equal([1, 1, 1]);
  });

  it("refuses nothing because of something that stood still once", async () => {
    let time = Math.ceil(performance.now());
    const { sent, answer, submit, take } = newCombiner(60_000, () => time, 2);
    await take(() => {
      time += 10;
    });
    const first = submit("a");
    await setImmediate();
    const beside = submit("b");
    await setImmediate();
    const waiting = submit("c");
    time += 40_000;
    answer();
    await Promise.all([first, beside]);
    await setImmediate();
    answer();
    expect(await waiting).to.equal("c");
    expect(sent.slice(1)).to.deep.equal([
      ...["a", "b"].map((entry) => ({ entries: [entry], timeoutMs: 60_000 })),
      { entries: ["c"], timeoutMs: 20_000 },
    ]);
  });

  it("forgets slow calls after a few quick ones", async () => {
    let time = Math.ceil(performance.now());
    const { answer, submit, take } = newCombiner(60_000, () => time);
    for (const callMs of [40_000, 40_000, 0, 0, 0, 0]) {
      await take(() => {
        time += callMs;
      });
    }
    const first = submit("a");
    await setImmediate();
    const waiting = submit("b");
    // What is left is more than twice what remains of those forty seconds, and less than at their end.
    time += 25_000;
    answer();
    await first;
    await setImmediate();
    answer();
    expect(await waiting).to.equal("b");
  });

  it("tries again with whatever comes fresh after calls that took all of their time", async () => {
    let time = Math.ceil(performance.now());
    const { answer, submit, take } = newCombiner(60_000, () => time);
    const pass = () => {
      time += 60_000;
    };
    await take(pass);
    await take(pass);
    const second = submit("b");
    time += 15_000;
    answer();
    expect(await second).to.equal("b");
    const third = rejectionOf(submit("c"));
    time += 15_001;
    expect(await third).to.include({ reason: "OVERLOADED" });
  });
});
