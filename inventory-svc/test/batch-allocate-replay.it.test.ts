import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { createEvent, expectExact, stockOf, useInventory, words } from "./use-inventory.ts";

describe("BatchAllocate with an id that was granted before", () => {
  const inventory = useInventory();

  it("answers a repeated id as the first time and takes nothing", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [5]);
    const entry = wish([0, 2]);
    const first = await client.batchAllocate({ eventId, entries: [entry] });
    await client.batchRelease({ entries: [{ allocationId: entry.allocationId, eventId }] });
    const again = await client.batchAllocate({ eventId, entries: [entry] });
    expect(words(again.results)).to.deep.equal(["replayed"]);
    expect(again.results[0]?.outcome.value).to.deep.include({
      allocateTime: first.allocateTime,
      expireTime: first.expireTime,
    });
    expect(await stockOf(client, eventId)).to.deep.equal([[5, 0, 0]]);
  });

  it("answers a repeated id as the first time, sold out or not, beside wishes that are new", async () => {
    const { client } = inventory;
    const { eventId, wishOf } = await createEvent(client, [3], { maxPerUser: 2 });
    const [ann, bob] = [randomUUID(), randomUUID()];
    const first = wishOf(ann, [0, 2]);
    await client.batchAllocate({ eventId, entries: [first] });
    const mixed = [wishOf(bob, [0, 1]), first, wishOf(bob, [0, 1]), wishOf(ann, [0, 1])];
    const { results } = await client.batchAllocate({ eventId, entries: mixed });
    expect(words(results)).to.deep.equal(["granted", "replayed", "SOLD_OUT", "SOLD_OUT"]);
    const again = await client.batchAllocate({ eventId, entries: mixed });
    expect(words(again.results)).to.deep.equal(["replayed", "replayed", "SOLD_OUT", "SOLD_OUT"]);
    expect(await stockOf(client, eventId)).to.deep.equal([[0, 3, 0]]);
    await expectExact(inventory, eventId);
  });

  it("grants an id once when it is delivered many times at once", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [5]);
    const entry = wish([0, 1]);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => client.batchAllocate({ eventId, entries: [entry] })),
    );
    const all = answers.flatMap(({ results }) => words(results));
    expect(all.filter((word) => word === "granted")).to.have.length(1);
    expect(all.filter((word) => word === "replayed")).to.have.length(7);
    expect(await stockOf(client, eventId)).to.deep.equal([[4, 1, 0]]);
  });

  it("gives an id that two events want at once to one of them", async () => {
    const { client } = inventory;
    const events = await Promise.all([createEvent(client, [1]), createEvent(client, [1])]);
    for (let round = 0; round < 5; round += 1) {
      const allocationId = randomUUID();
      const answers = await Promise.all(
        events.map(({ eventId, wish }) =>
          client.batchAllocate({ eventId, entries: [{ ...wish([0, 1]), allocationId }] }),
        ),
      );
      const all = answers.flatMap(({ results }) => words(results)).sort();
      expect(all).to.deep.equal(["ALLOCATION_CONFLICT", "granted"]);
      await client.batchRelease({
        entries: events.map(({ eventId }) => ({ allocationId, eventId })),
      });
    }
    for (const { eventId } of events) {
      await expectExact(inventory, eventId);
    }
  });
});
