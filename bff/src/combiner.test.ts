import { setImmediate } from "node:timers/promises";
import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import { type Answer, type CallOptions, Combiner } from "./combiner.ts";

function newCombiner(timeoutMs: number) {
  const sent: { entries: string[]; timeoutMs: number }[] = [];
  const gate = Promise.withResolvers<void>();
  const combiner = new Combiner<string, string>({
    operation: "test",
    settings: { maxBatch: 2, maxInFlight: 1, maxQueue: 10, timeoutMs },
    onBatch: () => undefined,
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
});
