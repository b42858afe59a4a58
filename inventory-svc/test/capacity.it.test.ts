import { randomUUID } from "node:crypto";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import type { RowDataPacket } from "mysql2/promise";
import { createEvent, expectExact, useInventory, words } from "./use-inventory.ts";

describe("UpdateTicketType", () => {
  const inventory = useInventory();

  /** An event of an organiser who is known, and a way to change its first ticket type. */
  async function owned(capacities: readonly number[]) {
    const { client } = inventory;
    const organiserId = randomUUID();
    const event = await createEvent(client, capacities, { organiserId });
    const { eventId, types } = event;
    const request = (capacity: number, requestId: string = randomUUID()) => {
      return { requestId, organiserId, eventId, ticketType: { id: types[0] ?? "", capacity } };
    };
    const change = (...wish: Parameters<typeof request>) =>
      client.updateTicketType(request(...wish));
    const take = (count: number) =>
      client.batchAllocate({
        eventId,
        entries: Array.from({ length: count }, () => event.wish([0, 1])),
      });
    const levels = async () => {
      const { ticketTypes } = await client.getAvailability({ eventId });
      return ticketTypes.map((one) => [one.capacity, one.available, one.held, one.sold])[0];
    };
    return { ...event, organiserId, request, change, take, levels };
  }

  async function rowsOf(eventId: string): Promise<RowDataPacket[]> {
    const [rows] = await inventory.schema.pool.query<RowDataPacket[]>(
      `SELECT capacity_before, capacity, available, held, sold FROM capacity_change
       WHERE event_id = ? ORDER BY seq`,
      [uuidToBytes(eventId)],
    );
    return rows;
  }

  it("adds units, and takes away those that are left", async () => {
    const { eventId, types, change, take, levels } = await owned([3, 7]);
    await take(2);
    const { ticketType, availability, replayed } = await change(10);
    expect(ticketType).to.deep.include({ id: types[0], name: "Type 0", capacity: 10 });
    expect(ticketType?.price).to.include({ amountMinor: 100n, currencyCode: "EUR" });
    expect(availability).to.include({ ticketTypeId: types[0], available: 8, held: 2, sold: 0 });
    expect(replayed).to.equal(false);
    await change(2);
    expect(await levels()).to.deep.equal([2, 0, 2, 0]);
    expect(words((await take(1)).results)).to.deep.equal(["SOLD_OUT"]);
    const { event } = await inventory.client.getEvent({ eventId });
    expect(event?.ticketTypes.map(({ capacity }) => capacity)).to.deep.equal([2, 7]);
    expect(await rowsOf(eventId)).to.deep.equal([
      { capacity_before: 3, capacity: 10, available: 8, held: 2, sold: 0 },
      { capacity_before: 10, capacity: 2, available: 0, held: 2, sold: 0 },
    ]);
    await expectExact(inventory, eventId);
  });

  it("sells what was added, as a newer version of the stock", async () => {
    const { change, take } = await owned([1]);
    const { stock: before } = await take(1);
    await change(2);
    const { results, stock: after } = await take(2);
    expect(words(results)).to.deep.equal(["granted", "SOLD_OUT"]);
    expect((after?.version ?? 0n) - (before?.version ?? 0n)).to.equal(2n);
    expect(after?.ticketTypes[0]).to.include({ capacity: 2, available: 0, held: 2 });
  });

  it("takes nothing from anybody, and remembers no refusal", async () => {
    const { eventId, types, change, take, levels } = await owned([5]);
    const { results } = await take(3);
    expect(words(results)).to.deep.equal(["granted", "granted", "granted"]);
    const requestId = randomUUID();
    expect(await failureOf(change(2, requestId))).to.deep.include({
      reason: "CAPACITY_BELOW_TAKEN",
      metadata: { ticketTypeId: types[0], taken: "3" },
    });
    expect(await levels()).to.deep.equal([5, 2, 3, 0]);
    expect((await change(4, requestId)).replayed).to.equal(false);
    expect(await rowsOf(eventId)).to.have.length(1);
  });

  it("does it once, and gives the first answer again", async () => {
    const { eventId, change, take, levels } = await owned([5]);
    const requestId = randomUUID();
    const all = await Promise.all(Array.from({ length: 5 }, () => change(8, requestId)));
    expect(all.filter(({ replayed }) => !replayed)).to.have.length(1);
    await take(2);
    await change(4);
    const again = await change(8, requestId);
    expect(again).to.deep.include({ replayed: true });
    expect(again.ticketType?.capacity).to.equal(8);
    expect(again.availability).to.include({ capacity: 8, available: 8, held: 0, sold: 0 });
    expect(await levels()).to.deep.equal([4, 2, 2, 0]);
    expect(await rowsOf(eventId)).to.have.length(2);
  });

  it("knows a request id again, whatever it is used for", async () => {
    const { client } = inventory;
    const { types, request, change } = await owned([5, 5]);
    const requestId = randomUUID();
    await change(8, requestId);
    const other = await owned([5]);
    const sameOrganiser = await createEvent(client, [5], {
      organiserId: request(1).organiserId,
    });
    for (const reuse of [
      request(9, requestId),
      { ...request(8, requestId), ticketType: { id: types[1] ?? "", capacity: 8 } },
      {
        ...request(8, requestId),
        eventId: sameOrganiser.eventId,
        ticketType: { id: sameOrganiser.types[0] ?? "", capacity: 8 },
      },
    ]) {
      const failure = await failureOf(client.updateTicketType(reuse));
      expect(failure.reason).to.equal("IDEMPOTENCY_KEY_REUSED");
    }
    // Another organiser's request ids are another's.
    expect((await other.change(8, requestId)).replayed).to.equal(false);
  });

  it("lets two events with one request id change once", async () => {
    const { client } = inventory;
    const one = await owned([5]);
    const { eventId, types } = await createEvent(client, [5], { organiserId: one.organiserId });
    const wish = one.request(8);
    const ticketType = { id: types[0] ?? "", capacity: 8 };
    const answers = await Promise.allSettled([
      client.updateTicketType(wish),
      client.updateTicketType({ ...wish, eventId, ticketType }),
    ]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
    expect([...(await rowsOf(one.eventId)), ...(await rowsOf(eventId))]).to.have.length(1);
  });

  it("is the organiser's alone, of what there is", async () => {
    const { client } = inventory;
    const { eventId, request } = await owned([5]);
    const nobody = randomUUID();
    for (const [reason, change] of [
      ["EVENT_NOT_FOUND", { organiserId: nobody }],
      ["EVENT_NOT_FOUND", { eventId: nobody }],
      ["TICKET_TYPE_NOT_FOUND", { ticketType: { id: nobody, capacity: 5 } }],
    ] as const) {
      const failure = await failureOf(client.updateTicketType({ ...request(5), ...change }));
      expect(failure.reason).to.equal(reason);
    }
    expect(await rowsOf(eventId)).to.deep.equal([]);
  });

  it("says which field is bad", async () => {
    const { client } = inventory;
    const { types, request } = await owned([5]);
    const id = types[0] ?? "";
    const cases: [string, object][] = [
      ["request_id", { requestId: "" }],
      ["organiser_id", { organiserId: "me" }],
      ["event_id", { eventId: "" }],
      ["ticket_type", { ticketType: undefined }],
      ["ticket_type.id", { ticketType: { capacity: 5 } }],
      ["ticket_type.capacity", { ticketType: { id } }],
      ["ticket_type.capacity", { ticketType: { id, capacity: -1 } }],
      ["ticket_type.capacity", { ticketType: { id, capacity: 10_000_001 } }],
      ["update_mask", { updateMask: { paths: ["capacity", "price"] } }],
    ];
    for (const [field, change] of cases) {
      const call = client.updateTicketType({ ...request(5), ...change });
      expect(await failureOf(call), field).to.nested.include({
        reason: "INVALID_FIELD",
        "metadata.field": field,
      });
    }
    const updateMask = { paths: ["capacity"] };
    const { ticketType } = await client.updateTicketType({ ...request(6), updateMask });
    expect(ticketType?.capacity).to.equal(6);
  });

  it("stays exact while buyers come and the capacity goes up and down", async () => {
    const { client } = inventory;
    const { eventId, change, wish, levels } = await owned([20]);
    const buy = async () => {
      const entry = wish([0, 1]);
      await client.batchAllocate({ eventId, entries: [entry] });
      return { eventId, allocationId: entry.allocationId, isFinal: true };
    };
    const rounds = Array.from({ length: 20 }, async (_, index) => {
      const bought = await Promise.all([buy(), buy(), buy()]);
      const [first, second] = bought;
      await Promise.all([
        change(1 + ((index * 7) % 30)).catch((reason: unknown) =>
          failureOf(Promise.reject(reason)),
        ),
        client.batchRelease({ entries: [first] }),
        client.batchCommit({ entries: [second] }),
      ]);
    });
    await Promise.all(rounds);
    const [capacity = 0, available = 0, held = 0, sold = 0] = (await levels()) ?? [];
    expect(available + held + sold).to.equal(capacity);
    await expectExact(inventory, eventId);
    const changes = await rowsOf(eventId);
    const befores = [20, ...changes.map((row) => row.capacity)];
    expect(changes.map((row) => row.capacity_before)).to.deep.equal(befores.slice(0, -1));
    expect(capacity).to.equal(befores.at(-1));
  });
});
