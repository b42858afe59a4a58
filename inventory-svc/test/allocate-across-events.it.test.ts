import { randomUUID } from "node:crypto";
import { failureOf } from "@tessera/testkit/call-failure";
import { statementsOf } from "@tessera/testkit/query-plans";
import { expect } from "chai";
import { createEvent, stockOf, useInventory, words } from "./use-inventory.ts";

describe("BatchAllocateAcrossEvents", () => {
  const inventory = useInventory();

  it("answers each event's batch for itself: granted, refused, fenced or malformed", async () => {
    const { client } = inventory;
    const [one, other] = [await createEvent(client, [1]), await createEvent(client, [1])];
    await client.batchAllocate({
      eventId: other.eventId,
      fencingToken: 9n,
      entries: [other.wish([0, 2])],
    });
    const { results } = await client.batchAllocateAcrossEvents({
      batches: [
        { eventId: one.eventId, fencingToken: 1n, entries: [one.wish([0, 1]), one.wish([0, 1])] },
        { eventId: other.eventId, fencingToken: 8n, entries: [other.wish([0, 1])] },
        { eventId: "x", entries: [one.wish([0, 1])] },
      ],
    });
    const [granted, fenced, malformed] = results.map(({ outcome }) => outcome);
    if (granted?.case !== "response") {
      throw new Error("the first batch failed");
    }
    expect(words(granted.value.results)).to.deep.equal(["granted", "SOLD_OUT"]);
    expect(granted.value.stock?.eventId).to.equal(one.eventId);
    expect(fenced?.value).to.nested.include({ reason: "FENCED", "metadata.lastToken": "9" });
    expect(malformed?.value).to.include({ reason: "INVALID_FIELD" });
    expect(await stockOf(client, one.eventId)).to.deep.equal([[0, 1, 0]]);
    expect(await stockOf(client, other.eventId)).to.deep.equal([[1, 0, 0]]);
  });

  it("takes nothing twice when it is delivered again", async () => {
    const { client } = inventory;
    const events = [await createEvent(client, [5]), await createEvent(client, [5])];
    const batches = events.map(({ eventId, wish }) => ({ eventId, entries: [wish([0, 2])] }));
    await client.batchAllocateAcrossEvents({ batches });
    const { results } = await client.batchAllocateAcrossEvents({ batches });
    for (const [index, { outcome }] of results.entries()) {
      const grant = outcome.case === "response" ? outcome.value.results[0]?.outcome : undefined;
      expect(grant?.value).to.include({ replayed: true });
      expect(await stockOf(client, events[index]?.eventId ?? "")).to.deep.equal([[3, 2, 0]]);
    }
  });

  it("writes few stock rows a statement, however many types the events have", async () => {
    const { client, schema } = inventory;
    const capacities = Array.from({ length: 50 }, () => 10);
    const event = () => createEvent(client, capacities, { maxPerUser: 20 });
    const events = await Promise.all([event(), event()]);
    // A reservation has at most 20 items.
    const batches = events.map(({ eventId, wish }) => ({
      eventId,
      entries: [0, 20, 40].map((first) =>
        wish(
          ...capacities
            .slice(first, first + 20)
            .map((_, nth): [number, number] => [first + nth, 1]),
        ),
      ),
    }));
    const sent = await statementsOf(schema, () => client.batchAllocateAcrossEvents({ batches }));
    const rows = sent
      .filter((sql) => sql.includes("UPDATE stock"))
      .map((sql) => sql.split(" OR ").length);
    expect(rows).to.deep.equal([40, 40, 20]);
    for (const { eventId } of events) {
      expect(await stockOf(client, eventId)).to.deep.equal(capacities.map(() => [9, 1, 0]));
    }
  });

  it("takes as many of the largest entries as a message can carry, and says when there are more", async () => {
    const items = Array.from({ length: 20 }, () => ({ ticketTypeId: randomUUID(), quantity: 100 }));
    const batches = Array.from({ length: 64 }, () => ({
      eventId: randomUUID(),
      entries: Array.from({ length: 64 }, () => ({
        allocationId: randomUUID(),
        userId: randomUUID(),
        items,
      })),
    }));
    const { client } = inventory;
    const { results } = await client.batchAllocateAcrossEvents({ batches });
    expect(results).to.have.length(64);
    batches[0]?.entries.push(...(batches[1]?.entries.slice(0, 1) ?? []));
    const failure = await failureOf(client.batchAllocateAcrossEvents({ batches }));
    expect(failure).to.nested.include({ reason: "INVALID_FIELD", "metadata.field": "batches" });
  });

  it("fails when there is no batch, too many, or two of one event", async () => {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [1]);
    const batch = { eventId, entries: [wish([0, 1])] };
    for (const batches of [[], Array.from({ length: 65 }, () => batch), [batch, batch]]) {
      const failure = await failureOf(client.batchAllocateAcrossEvents({ batches }));
      expect(failure).to.nested.include({ reason: "INVALID_FIELD", "metadata.field": "batches" });
    }
  });
});
