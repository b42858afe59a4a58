import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import { Batcher, type BatcherOptions } from "./batcher.ts";
import { ServiceError } from "./service-error.ts";

type Run = BatcherOptions<number, string>["run"];

describe("Batcher", () => {
  it("sends what arrives in one turn together, in order", async () => {
    const { batcher, batches, sizes } = batcherOf();
    const answers = await Promise.all([1, 2, 3].map((entry) => batcher.submit(entry)));
    expect(answers).to.deep.equal(["a1", "a2", "a3"]);
    expect(batches).to.deep.equal([[1, 2, 3]]);
    expect(sizes).to.deep.equal([3]);
  });

  it("makes one batch of what arrives while batches run", async () => {
    const gate = Promise.withResolvers<void>();
    const { batcher, batches } = batcherOf({ gate: gate.promise });
    const first = batcher.submit(1);
    await nextTurn();
    const later = [2, 3].map((entry) => batcher.submit(entry));
    await nextTurn();
    expect(batches).to.deep.equal([[1]]);
    expect(batcher.depth).to.equal(2);
    gate.resolve();
    await Promise.all([first, ...later]);
    expect(batches).to.deep.equal([[1], [2, 3]]);
    expect(batcher.depth).to.equal(0);
  });

  it("splits at maxBatch and runs maxInFlight at once", async () => {
    const gate = Promise.withResolvers<void>();
    const { batcher, batches } = batcherOf({ gate: gate.promise, maxBatch: 2, maxInFlight: 2 });
    const all = [1, 2, 3, 4, 5].map((entry) => batcher.submit(entry));
    await nextTurn();
    expect(batches).to.deep.equal([
      [1, 2],
      [3, 4],
    ]);
    gate.resolve();
    await Promise.all(all);
    expect(batches[2]).to.deep.equal([5]);
  });

  it("refuses with OVERLOADED, and names the queue, when the queue is full", async () => {
    const { batcher } = batcherOf({ maxQueue: 1 });
    const first = batcher.submit(1);
    const failure = await rejectionOf(batcher.submit(2));
    expect(failure).to.be.instanceOf(ServiceError).and.to.include({ reason: "OVERLOADED" });
    expect((failure as ServiceError).metadata).to.deep.equal({ queue: "the test queue" });
    expect(await first).to.equal("a1");
  });

  it("does not begin what waited until its deadline", async () => {
    const gate = Promise.withResolvers<void>();
    const { batcher, batches } = batcherOf({ gate: gate.promise, maxBatch: 2 });
    const first = batcher.submit(1);
    await nextTurn();
    const late = rejectionOf(batcher.submit(2, performance.now()));
    const timely = [3, 4].map((entry) => batcher.submit(entry, performance.now() + 60_000));
    gate.resolve();
    expect(await late).to.include({ reason: "DEADLINE_EXCEEDED" });
    expect(await Promise.all([first, ...timely])).to.deep.equal(["a1", "a3", "a4"]);
    expect(batches, "full all the same").to.deep.equal([[1], [3, 4]]);
  });

  it("rejects one entry alone for an answer that is an Error", async () => {
    const refusal = new Error("not you");
    const { batcher } = batcherOf({
      run: async (entries) => entries.map((entry) => (entry === 2 ? refusal : `a${entry}`)),
    });
    const [one, two, three] = await Promise.allSettled([1, 2, 3].map((n) => batcher.submit(n)));
    expect(one).to.deep.equal({ status: "fulfilled", value: "a1" });
    expect(two).to.deep.equal({ status: "rejected", reason: refusal });
    expect(three).to.deep.equal({ status: "fulfilled", value: "a3" });
  });

  it("rejects the entries that got no answer", async () => {
    const { batcher } = batcherOf({ run: async () => ["a1"] });
    const [one, two] = await Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
    expect(one.status).to.equal("fulfilled");
    expect((two as PromiseRejectedResult).reason.message).to.match(/answered too few/);
  });

  it("rejects a failed batch as a whole, and serves the next", async () => {
    let isBroken = true;
    const { batcher } = batcherOf({
      run: async (entries) => {
        if (isBroken) {
          throw new Error("broken");
        }
        return entries.map((entry) => `a${entry}`);
      },
    });
    const failed = await Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
    expect(failed.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    isBroken = false;
    expect(await batcher.submit(3)).to.equal("a3");
  });
});

function batcherOf(
  options: Partial<BatcherOptions<number, string>> & { gate?: Promise<void>; run?: Run } = {},
) {
  const batches: number[][] = [];
  const sizes: number[] = [];
  const answer: Run = async (entries) => entries.map((entry) => `a${entry}`);
  const batcher = new Batcher<number, string>({
    name: "the test queue",
    maxBatch: 10,
    maxInFlight: 1,
    maxQueue: 10,
    onBatch: (size) => sizes.push(size),
    ...options,
    run: async (entries) => {
      batches.push([...entries]);
      await options.gate;
      return (options.run ?? answer)(entries);
    },
  });
  return { batcher, batches, sizes };
}

/** Two turns: the batch leaves at the end of the first. */
async function nextTurn(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}
