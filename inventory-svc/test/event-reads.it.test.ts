import { randomUUID } from "node:crypto";
import { poolOf } from "@tessera/service-kit/mysql";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import { EventReads } from "../src/mysql/event-reads.ts";
import { createEvent, stockOf, useInventory, words } from "./use-inventory.ts";

describe("BatchGetEvents and BatchGetAvailability", () => {
  const inventory = useInventory();

  it("answer what there is in the order of the ids, as if it were asked for alone", async () => {
    const { client } = inventory;
    const first = await createEvent(client, [1, 2]);
    const second = await createEvent(client, [3]);
    await client.batchAllocate({ eventId: first.eventId, entries: [first.wish([1, 2])] });
    const known = [second.eventId, first.eventId];
    const eventIds = [second.eventId, randomUUID(), first.eventId];
    const { events } = await client.batchGetEvents({ eventIds });
    const alone = await Promise.all(known.map((eventId) => client.getEvent({ eventId })));
    expect(events).to.deep.equal(alone.map(({ event }) => event));
    const { availabilities } = await client.batchGetAvailability({ eventIds });
    const each = await Promise.all(known.map((eventId) => client.getAvailability({ eventId })));
    expect(availabilities).to.deep.equal(each);
    expect(availabilities[1]?.ticketTypes[1]).to.include({ available: 0, held: 2 });
  });

  it("answer a hundred of the largest events, and no more", async () => {
    const { client } = inventory;
    const ticketTypes = Array.from({ length: 50 }, (_, nth) => ({
      name: `${nth}${"𝒜".repeat(98)}`,
      price: { currencyCode: "EUR", amountMinor: 1n },
      capacity: 1,
    }));
    const largest = { name: "𝒜".repeat(200), venue: "𝒜".repeat(200), ticketTypes };
    const eventIds: string[] = [];
    while (eventIds.length < 100) {
      eventIds.push((await createEvent(client, [1], largest)).eventId);
    }
    expect((await client.batchGetEvents({ eventIds })).events).to.have.length(100);
    const failure = await failureOf(
      client.batchGetEvents({ eventIds: [...eventIds, randomUUID()] }),
    );
    expect(failure.metadata.field).to.equal("event_ids");
  });

  for (const [what, eventIds, field] of [
    ["nothing", [], "event_ids"],
    ["too much", Array.from({ length: 501 }, () => randomUUID()), "event_ids"],
    ["what is no id", [randomUUID(), "7"], "event_ids[1]"],
  ] as const) {
    it(`refuse ${what}`, async () => {
      const { client } = inventory;
      for (const call of [client.batchGetEvents, client.batchGetAvailability]) {
        const failure = await failureOf(call({ eventIds: [...eventIds] }));
        expect(failure).to.deep.include({ reason: "INVALID_FIELD" });
        expect(failure.metadata.field).to.equal(field);
      }
    });
  }
});

describe("EventReads", () => {
  const inventory = useInventory();
  const newReads = (options?: { waitMs: number }) => {
    const pool = poolOf(inventory.schema.source);
    let statements = 0;
    const countStatement = () => {
      statements += 1;
    };
    pool.on("acquire", countStatement);
    const stop = () => void pool.off("acquire", countStatement);
    return { reads: new EventReads(pool, options), statements: () => statements, stop };
  };

  it("serves many who ask at once with few statements, each with their own answer", async () => {
    const { client } = inventory;
    const events = await Promise.all(
      Array.from({ length: 20 }, (_one, index) => createEvent(client, [index, 7])),
    );
    const ids = events.map(({ eventId }) => eventId);
    const asked = Array.from({ length: 500 }, (_one, index) => ids[index % 25] ?? randomUUID());
    const { reads, statements, stop } = newReads();
    const [found, stocks] = await Promise.all([
      Promise.all(asked.map((id) => reads.event(id))),
      Promise.all(asked.map((id) => reads.stock(id))),
    ]);
    stop();
    expect(statements()).to.be.within(2, 10);
    for (const [index, id] of asked.entries()) {
      const position = index % 25;
      const isKnown = position < ids.length;
      const capacities = isKnown ? [position, 7] : undefined;
      const event = found[index];
      expect(event?.id).to.equal(isKnown ? id : undefined);
      expect(event?.ticketTypes.map(({ capacity }) => capacity)).to.deep.equal(capacities);
      expect(stocks[index]?.map(({ available }) => available)).to.deep.equal(capacities);
    }
  });

  it("sees what was committed before it was asked", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [50]);
    for (let left = 49; left >= 0; left -= 1) {
      const sale = client.batchAllocate({ eventId, entries: [wish([0, 1])] });
      // Others read all the time.
      const others = Array.from({ length: 5 }, () => stockOf(client, eventId));
      await sale;
      expect((await stockOf(client, eventId))[0]?.[0]).to.equal(left);
      await Promise.all(others);
    }
  });

  it("leaves the ledger connections under a flood of lists", async () => {
    const { client, schema } = inventory;
    const { eventId, wish } = await createEvent(client, [1]);
    const reads = new EventReads(schema.pool);
    const lock = randomUUID();
    const blocker = await schema.pool.getConnection();
    await blocker.query("SELECT GET_LOCK(?, 0)", [lock]);
    // Waits for the lock, and finds nothing.
    const sql = "SELECT GET_LOCK(?, 5) + RELEASE_LOCK(?) AS lists HAVING lists IS NULL";
    const flood = Array.from({ length: 300 }, () => reads.list(sql, [lock, lock]));
    const answers = Promise.allSettled(flood);
    const { results } = await client.batchAllocate({ eventId, entries: [wish([0, 1])] });
    expect(words(results)).to.deep.equal(["granted"]);
    await blocker.query("SELECT RELEASE_LOCK(?)", [lock]);
    blocker.release();
    const refused = (await answers).filter(
      (answer) => answer.status === "rejected" && answer.reason.reason === "OVERLOADED",
    );
    expect(refused).to.have.length(300 - 256);
  });

  it("does not begin what waited too long", async () => {
    const { reads, statements, stop } = newReads({ waitMs: 0 });
    const late = [
      reads.event(randomUUID()),
      reads.stock(randomUUID()),
      reads.list("SELECT 1 FROM event WHERE FALSE", [], performance.now()),
    ];
    const { event, stock, list } = reads.depths;
    expect([event(), stock(), list()]).to.deep.equal([1, 1, 1]);
    for (const answer of await Promise.allSettled(late)) {
      const reason = answer.status === "rejected" ? answer.reason : undefined;
      expect(reason).to.include({ reason: "DEADLINE_EXCEEDED" });
    }
    stop();
    expect(statements()).to.equal(0);
  });
});
