import { randomUUID } from "node:crypto";
import { expect } from "chai";
import {
  type CreatedEvent,
  createEvent,
  expectExact,
  stockOf,
  useInventory,
  words,
} from "./use-inventory.ts";

describe("a commit that comes too late", () => {
  const inventory = useInventory();

  /** Allocates one unit of the first type for each of `count` new buyers. */
  async function hold({ eventId, wish }: CreatedEvent, count: number): Promise<string[]> {
    const entries = Array.from({ length: count }, () => wish([0, 1]));
    await inventory.client.batchAllocate({ eventId, entries });
    return entries.map(({ allocationId }) => allocationId);
  }

  const refsOf = (eventId: string, ids: readonly string[]) =>
    ids.map((allocationId) => ({ allocationId, eventId }));

  it("takes released units again on commit while some are left, and keeps saying so", async () => {
    const { client } = inventory;
    const event = await createEvent(client, [3]);
    const { eventId } = event;
    const ids = await hold(event, 2);
    await client.batchRelease({ entries: refsOf(eventId, ids) });
    await hold(event, 2);
    const entries = refsOf(eventId, ids);
    const { results } = await client.batchCommit({ entries });
    expect(words(results)).to.deep.equal(["reacquired", "SOLD_OUT"]);
    const again = await client.batchCommit({ entries });
    expect(words(again.results)).to.deep.equal(["reacquired", "ALLOCATION_NOT_HELD"]);
    expect(await stockOf(client, eventId)).to.deep.equal([[0, 2, 1]]);
    await expectExact(inventory, eventId);
  });

  it("refuses a late commit for good, though units come back after it", async () => {
    const { client } = inventory;
    const event = await createEvent(client, [1]);
    const { eventId } = event;
    const late = await hold(event, 1);
    await client.batchRelease({ entries: refsOf(eventId, late) });
    const rival = await hold(event, 1);
    const commit = async () =>
      words((await client.batchCommit({ entries: refsOf(eventId, late) })).results);
    expect(await commit()).to.deep.equal(["SOLD_OUT"]);
    await client.batchRelease({ entries: refsOf(eventId, rival) });
    expect(await commit()).to.deep.equal(["ALLOCATION_NOT_HELD"]);
    expect(await stockOf(client, eventId)).to.deep.equal([[1, 0, 0]]);
    await expectExact(inventory, eventId);
  });

  it("does not take units again beyond the buyer's limit", async () => {
    const { client } = inventory;
    const { eventId, wishOf } = await createEvent(client, [10], { maxPerUser: 3 });
    const ann = randomUUID();
    const [first, second] = [wishOf(ann, [0, 2]), wishOf(ann, [0, 2])];
    await client.batchAllocate({ eventId, entries: [first] });
    const entries = refsOf(eventId, [first.allocationId]);
    await client.batchRelease({ entries });
    await client.batchAllocate({ eventId, entries: [second] });
    expect(words((await client.batchCommit({ entries })).results)).to.deep.equal([
      "LIMIT_EXCEEDED",
    ]);
    expect(await stockOf(client, eventId)).to.deep.equal([[8, 2, 0]]);
  });
});
