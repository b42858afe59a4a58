import { randomUUID } from "node:crypto";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Allocation_State } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import {
  type CreatedEvent,
  createEvent,
  expectExact,
  stockOf,
  useInventory,
  words,
} from "./use-inventory.ts";

describe("the life of an allocation", () => {
  const inventory = useInventory();

  /** Allocates `quantity` units of the first type for each of `count` new buyers. */
  async function hold(event: CreatedEvent, count: number, quantity = 1): Promise<string[]> {
    const { eventId, wish } = event;
    const entries = Array.from({ length: count }, () => wish([0, quantity]));
    const { results } = await inventory.client.batchAllocate({ eventId, entries });
    expect(new Set(words(results))).to.deep.equal(new Set(["granted"]));
    return entries.map(({ allocationId }) => allocationId);
  }

  const refsOf = (eventId: string, ids: readonly string[]) =>
    ids.map((allocationId) => ({ allocationId, eventId }));

  it("sells what is committed, once", async () => {
    const { client } = inventory;
    const event = await createEvent(client, [10]);
    const { eventId } = event;
    const entries = refsOf(eventId, await hold(event, 3, 2));
    const first = await client.batchCommit({ entries });
    expect(words(first.results)).to.deep.equal(["committed", "committed", "committed"]);
    expect(first.stocks).to.have.length(1);
    expect(first.stocks[0]?.ticketTypes[0]).to.include({ available: 4, held: 0, sold: 6 });
    const again = await client.batchCommit({ entries });
    expect(words(again.results)).to.deep.equal(["committed", "committed", "committed"]);
    expect(again.stocks[0]?.version).to.equal(first.stocks[0]?.version);
    expect(await stockOf(client, eventId)).to.deep.equal([[4, 0, 6]]);
    await expectExact(inventory, eventId);
  });

  it("answers each entry of several events, in the order of the request", async () => {
    const { client } = inventory;
    const events = await Promise.all([1, 2, 3, 4, 5, 6].map(() => createEvent(client, [5])));
    const held = await Promise.all(events.map((event) => hold(event, 2)));
    const entries = [1, 0].flatMap((which) =>
      events.map(({ eventId }, index) => ({ eventId, allocationId: held[index]?.[which] ?? "" })),
    );
    const stranger = { eventId: events[0]?.eventId ?? "", allocationId: randomUUID() };
    const foreign = { eventId: events[0]?.eventId ?? "", allocationId: held[1]?.[0] ?? "" };
    const nowhere = { eventId: randomUUID(), allocationId: held[1]?.[0] ?? "" };
    const bad = { eventId: "x", allocationId: randomUUID() };
    const { results, stocks } = await client.batchCommit({
      entries: [stranger, foreign, ...entries, nowhere, bad],
    });
    expect(words(results)).to.deep.equal([
      "ALLOCATION_NOT_FOUND",
      "ALLOCATION_NOT_FOUND",
      ...entries.map(() => "committed"),
      "ALLOCATION_NOT_FOUND",
      "INVALID_FIELD",
    ]);
    expect(stocks.map(({ eventId }) => eventId)).to.have.members(
      events.map(({ eventId }) => eventId),
    );
    for (const { eventId } of events) {
      expect(await stockOf(client, eventId)).to.deep.equal([[3, 0, 2]]);
    }
  });

  it("gives units back once, from held and from sold", async () => {
    const { client } = inventory;
    const event = await createEvent(client, [10]);
    const { eventId } = event;
    const [sold = "", ...held] = await hold(event, 3, 2);
    await client.batchCommit({ entries: refsOf(eventId, [sold]) });
    const refs = refsOf(eventId, [sold, ...held, sold, randomUUID()]);
    const entries = refs.map((ref) => ({ ...ref, isFinal: true }));
    const first = await client.batchRelease({ entries });
    expect(first.releasedCount).to.equal(3);
    expect(first.stocks[0]?.ticketTypes[0]).to.include({ available: 10, held: 0, sold: 0 });
    const again = await client.batchRelease({ entries });
    expect(again.releasedCount).to.equal(0);
    expect(await stockOf(client, eventId)).to.deep.equal([[10, 0, 0]]);
    const nowhere = await client.batchRelease({ entries: refsOf(randomUUID(), [sold]) });
    expect(nowhere).to.deep.include({ releasedCount: 0, stocks: [] });
  });

  it("tells what became of allocations, and leaves out what was never granted", async () => {
    const { client } = inventory;
    const event = await createEvent(client, [10]);
    const { eventId } = event;
    const ids = await hold(event, 4);
    const [held = "", sold = "", released = "", voided = ""] = ids;
    await client.batchCommit({ entries: refsOf(eventId, [sold]) });
    await client.batchRelease({ entries: refsOf(eventId, [released]) });
    const entries = refsOf(eventId, [voided]).map((ref) => ({ ...ref, isFinal: true }));
    await client.batchRelease({ entries });
    const { allocations } = await client.batchGetAllocations({
      allocationIds: [...ids, randomUUID()],
    });
    const states = allocations.map(({ allocationId, state }) => [allocationId, state]);
    expect(Object.fromEntries(states)).to.deep.equal({
      [held]: Allocation_State.HELD,
      [sold]: Allocation_State.COMMITTED,
      [released]: Allocation_State.RELEASED,
      [voided]: Allocation_State.VOIDED,
    });
    expect(allocations[0]).to.deep.include({ eventId });
    const failure = await failureOf(client.batchGetAllocations({ allocationIds: ["7"] }));
    expect(failure.metadata.field).to.equal("allocation_ids[0]");
  });

  it("stays exact when commit and release come at the same instant", async () => {
    const { client } = inventory;
    const event = await createEvent(client, [40]);
    const { eventId } = event;
    const ids = await hold(event, 40);
    const answers = [];
    for (let first = 0; first < ids.length; first += 8) {
      const rivals = ids.slice(first, first + 8).flatMap((id) => {
        const entries = refsOf(eventId, [id]);
        return [client.batchCommit({ entries }), client.batchRelease({ entries })];
      });
      answers.push(...(await Promise.all(rivals)));
    }
    await expectExact(inventory, eventId);
    const all = answers.flatMap((answer) => ("results" in answer ? words(answer.results) : []));
    // An expiry that comes late gives nothing back; one that comes first is made good.
    expect(all.every((word) => word === "committed" || word === "reacquired")).to.equal(true);
    expect(await stockOf(client, eventId)).to.deep.equal([[0, 0, 40]]);
  });

  it("lets a cancellation win over a commit at the same instant, whichever comes first", async () => {
    const { client } = inventory;
    const event = await createEvent(client, [40]);
    const { eventId } = event;
    const ids = await hold(event, 40);
    const answers = [];
    for (let first = 0; first < ids.length; first += 8) {
      const rivals = ids.slice(first, first + 8).map(async (id) => {
        const [ref] = refsOf(eventId, [id]);
        const entries = [{ ...ref, isFinal: true }];
        const [committed] = await Promise.all([
          client.batchCommit({ entries: refsOf(eventId, [id]) }),
          client.batchRelease({ entries }),
        ]);
        return words(committed.results);
      });
      answers.push(...(await Promise.all(rivals)).flat());
    }
    expect(answers.every((word) => ["committed", "ALLOCATION_NOT_HELD"].includes(word))).to.equal(
      true,
    );
    // A commit that is delivered once more, late, takes nothing back.
    const late = await client.batchCommit({ entries: refsOf(eventId, ids) });
    expect(new Set(words(late.results))).to.deep.equal(new Set(["ALLOCATION_NOT_HELD"]));
    expect(await stockOf(client, eventId)).to.deep.equal([[40, 0, 0]]);
    await expectExact(inventory, eventId);
  });

  it("stays exact when everything comes at once", async () => {
    const { client } = inventory;
    const event = await createEvent(client, [100]);
    const { eventId, wish } = event;
    const ids = await hold(event, 60);
    const at = (index: number) => ids[index % ids.length] ?? "";
    for (let first = 0; first < ids.length; first += 10) {
      await Promise.all(
        ids
          .slice(first, first + 10)
          .flatMap((id, index) => [
            client.batchAllocate({ eventId, entries: [wish([0, 1]), wish([0, 2])] }),
            client.batchCommit({ entries: refsOf(eventId, [id, at(first + index + 7)]) }),
            client.batchRelease({ entries: refsOf(eventId, [at(first + index + 3)]) }),
          ]),
      );
    }
    await expectExact(inventory, eventId);
  });

  it("refuses batches that are too small, too large or malformed", async () => {
    const { client } = inventory;
    const ref = { allocationId: randomUUID(), eventId: randomUUID() };
    const many = Array.from({ length: 1001 }, () => ref);
    for (const [field, call] of [
      ["entries", client.batchCommit({ entries: [] })],
      ["entries", client.batchCommit({ entries: many })],
      ["entries", client.batchRelease({ entries: [] })],
      ["entries[1].event_id", client.batchRelease({ entries: [ref, { ...ref, eventId: "" }] })],
      [
        "entries[0].allocation_id",
        client.batchRelease({ entries: [{ ...ref, allocationId: "1" }] }),
      ],
    ] as const) {
      expect(await failureOf(call)).to.nested.include({
        reason: "INVALID_FIELD",
        "metadata.field": field,
      });
    }
  });

  describe("ExtendAllocation", () => {
    const expireAt = (time: Date) => timestampFromDate(time);

    it("moves the time forwards, never backwards, and to 2 hours at most", async () => {
      const { client } = inventory;
      const { eventId, wish } = await createEvent(client, [5]);
      const entry = wish([0, 1]);
      const granted = await client.batchAllocate({ eventId, entries: [entry] });
      const createTime = timestampDate(
        granted.allocateTime ?? ({ seconds: 0n, nanos: 0 } as never),
      );
      const extend = async (seconds: number) => {
        const wanted = new Date(createTime.getTime() + seconds * 1000);
        const { expireTime } = await client.extendAllocation({
          allocationId: entry.allocationId,
          expireTime: expireAt(wanted),
        });
        return expireTime === undefined ? 0 : timestampDate(expireTime).getTime();
      };
      expect(await extend(900)).to.equal(createTime.getTime() + 900_000);
      expect(await extend(700)).to.equal(createTime.getTime() + 900_000);
      expect(await extend(7200)).to.equal(createTime.getTime() + 7_200_000);
      expect(await failureOf(extend(7200.001))).to.nested.include({
        reason: "INVALID_FIELD",
        "metadata.field": "expire_time",
      });
    });

    it("fails for what is unknown, committed or released", async () => {
      const { client } = inventory;
      const event = await createEvent(client, [5]);
      const [sold = "", released = ""] = await hold(event, 2);
      await client.batchCommit({ entries: refsOf(event.eventId, [sold]) });
      await client.batchRelease({ entries: refsOf(event.eventId, [released]) });
      const expireTime = expireAt(new Date(Date.now() + 900_000));
      for (const [allocationId, reason] of [
        [sold, "ALLOCATION_NOT_HELD"],
        [released, "ALLOCATION_NOT_HELD"],
        [randomUUID(), "ALLOCATION_NOT_FOUND"],
        ["x", "INVALID_FIELD"],
      ] as const) {
        const failure = await failureOf(client.extendAllocation({ allocationId, expireTime }));
        expect(failure.reason).to.equal(reason);
      }
      const failure = await failureOf(client.extendAllocation({ allocationId: sold }));
      expect(failure.metadata).to.include({ field: "expire_time" });
    });
  });
});
