import { randomUUID } from "node:crypto";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { WaitingRoom_OnStoreLoss } from "@tessera/proto/inventory/v1/event_pb";
import { expect } from "chai";
import { HOUR_MS, ownedEvents } from "./owned-event.ts";
import { createEvent, expectExact, stockOf, useInventory, words } from "./use-inventory.ts";

describe("UpdateEvent", () => {
  const inventory = useInventory();

  const { owned, rowsOf } = ownedEvents(inventory);
  const inAnHour = () => timestampFromMs(Date.now() + HOUR_MS);
  const iso = (time: Timestamp | undefined) => time && new Date(timestampMs(time)).toISOString();

  it("changes what the mask names, and nothing else", async () => {
    const { eventId, change, get } = await owned({}, [10, 20]);
    const before = await get();
    const startTime = timestampFromMs(Date.now() + 48 * HOUR_MS);
    const waitingRoom = { maxActive: 7, admitPerMinute: 999 };
    const wish = {
      startTime,
      name: " It's “new” \\ ",
      venue: "Not this",
      holdSeconds: 1,
      waitingRoom,
    };
    const { event, replayed } = await change(
      ["name", "start_time", "waiting_room.max_active"],
      wish,
    );
    expect(replayed).to.equal(false);
    expect(event).to.deep.equal({
      ...before,
      ...{ name: "It's “new” \\", startTime },
      waitingRoom: { ...before?.waitingRoom, maxActive: 7 },
    });
    expect(await get()).to.deep.equal(event);
    // The same once more is a change that changes nothing.
    expect((await change(["start_time"], { startTime })).event).to.deep.equal(event);
    expect(await rowsOf(eventId)).to.deep.equal([
      {
        name: { before: "Concert", after: "It's “new” \\" },
        startTime: { before: iso(before?.startTime), after: iso(startTime) },
        "waitingRoom.maxActive": { before: 10, after: 7 },
      },
      {},
    ]);
  });

  it("changes all of it at once", async () => {
    const { change, get } = await owned();
    const times = [1, 2, 3].map((hours) => timestampFromMs(Date.now() + hours * HOUR_MS));
    const [salesOpenTime, salesCloseTime, startTime] = times as [Timestamp, Timestamp, Timestamp];
    const terms = {
      ...{ name: "Other", venue: "Elsewhere", startTime, salesOpenTime, salesCloseTime },
      ...{ holdSeconds: 60, maxPerUser: 2 },
    };
    const onStoreLoss = WaitingRoom_OnStoreLoss.OPEN;
    const waitingRoom = { admitPerMinute: 0, maxActive: 1, passSeconds: 60, onStoreLoss };
    const { event } = await change(
      [
        ...["waiting_room.on_store_loss", "waiting_room.pass_seconds", "waiting_room.max_active"],
        ...["waiting_room.admit_per_minute", "max_per_user", "hold_seconds", "sales_close_time"],
        ...["sales_open_time", "start_time", "venue", "name"],
      ],
      { ...terms, waitingRoom },
    );
    expect(event).to.deep.include(terms);
    expect(event?.waitingRoom).to.include(waitingRoom);
    expect(await get()).to.deep.equal(event);
    const { events } = await inventory.client.listEvents({ namePrefix: "Oth" });
    expect(events.map(({ id }) => id)).to.include(event?.id);
  });

  it("opens, pauses and closes the sale", async () => {
    const later = {
      salesOpenTime: inAnHour(),
      salesCloseTime: timestampFromMs(Date.now() + 2 * HOUR_MS),
    };
    const { change, take, wish } = await owned(later);
    expect(await take(wish([0, 1]))).to.deep.equal(["SALES_CLOSED"]);
    await change(["sales_open_time"], { salesOpenTime: timestampFromMs(Date.now() - 1) });
    const granted = wish([0, 1]);
    expect(await take(granted)).to.deep.equal(["granted"]);
    await change(["sales_open_time"], { salesOpenTime: inAnHour() });
    // What was granted is granted still.
    expect(await take(wish([0, 1]), granted)).to.deep.equal(["SALES_CLOSED", "replayed"]);
    await change(["sales_open_time"], { salesOpenTime: timestampFromMs(0) });
    expect(await take(wish([0, 1]))).to.deep.equal(["granted"]);
    await change(["sales_close_time"], { salesCloseTime: timestampFromMs(Date.now() - 1) });
    expect(await take(wish([0, 1]))).to.deep.equal(["SALES_CLOSED"]);
  });

  it("takes nothing from anybody: limits and holds count from now on", async () => {
    const { client } = inventory;
    const { eventId, change, take, wishOf, wish } = await owned();
    const userId = randomUUID();
    const held = wishOf(userId, [0, 5]);
    await take(held);
    const expiry = async (allocationId: string) => {
      const { allocations } = await client.batchGetAllocations({ allocationIds: [allocationId] });
      return Number(allocations[0]?.expireTime?.seconds);
    };
    const before = await expiry(held.allocationId);
    await change(["max_per_user", "hold_seconds"], { maxPerUser: 2, holdSeconds: 5_000 });
    expect(await expiry(held.allocationId)).to.equal(before);
    const next = wish([0, 2]);
    expect(await take(wishOf(userId, [0, 1]), next, wish([0, 3]))).to.deep.equal([
      ...["LIMIT_EXCEEDED", "granted", "LIMIT_EXCEEDED"],
    ]);
    expect((await expiry(next.allocationId)) - before).to.be.within(4_000, 5_000);
    const { results } = await client.batchCommit({
      entries: [{ eventId, allocationId: held.allocationId }],
    });
    expect(words(results)).to.deep.equal(["committed"]);
    expect(await stockOf(client, eventId)).to.deep.equal([[3, 2, 5]]);
    await expectExact(inventory, eventId);
  });

  it("does it once, and gives the first answer again", async () => {
    const { client } = inventory;
    const { eventId, types, organiserId, change, get } = await owned();
    const requestId = randomUUID();
    const wish = [["name", "max_per_user"], { name: "First", maxPerUser: 3 }, requestId] as const;
    const all = await Promise.all(
      Array.from({ length: 5 }, () => change([...wish[0]], wish[1], wish[2])),
    );
    expect(all.filter(({ replayed }) => !replayed)).to.have.length(1);
    const [{ event: first } = {}] = all;
    for (const { event } of all) {
      expect(event).to.deep.equal(first);
    }
    await change(["name", "sales_open_time"], { name: "Second", salesOpenTime: inAnHour() });
    const ticketType = { id: types[0] ?? "", capacity: 99 };
    await client.updateTicketType({ requestId, organiserId, eventId, ticketType });
    // The order of the mask is not the wish.
    const again = await change(
      [...wish[0]].reverse(),
      { ...wish[1], venue: "Not this" },
      requestId,
    );
    expect(again).to.deep.include({ replayed: true, event: first });
    expect(await get()).to.include({ name: "Second", maxPerUser: 3 });
    expect(await rowsOf(eventId)).to.have.length(2);
  });

  it("lets two events with one request id change once", async () => {
    const { client } = inventory;
    const one = await owned();
    const { eventId } = await createEvent(client, [5], { organiserId: one.organiserId });
    const wish = one.request(["name"], { name: "Other" });
    const answers = await Promise.allSettled([
      client.updateEvent(wish),
      client.updateEvent({ ...wish, event: { id: eventId, name: "Other" } }),
    ]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
    expect([...(await rowsOf(one.eventId)), ...(await rowsOf(eventId))]).to.have.length(1);
  });

  it("lets rivals change one after the other, each on what the other left", async () => {
    const { eventId, change, get } = await owned();
    await Promise.all([
      change(["name"], { name: "Other" }),
      change(["waiting_room.max_active"], { waitingRoom: { maxActive: 99 } }),
      change(["waiting_room.pass_seconds"], { waitingRoom: { passSeconds: 99 } }),
      change(["hold_seconds"], { holdSeconds: 99 }),
    ]);
    const event = await get();
    expect(event).to.include({ name: "Other", venue: "Hall", holdSeconds: 99 });
    expect(event?.waitingRoom).to.include({ maxActive: 99, passSeconds: 99, admitPerMinute: 60 });
    expect(await rowsOf(eventId)).to.have.length(4);
  });

  it("stays exact while buyers come and the sale is opened and closed", async () => {
    const { client } = inventory;
    const { eventId, change, wish, get } = await owned();
    const outcomes: string[] = [];
    const rounds = Array.from({ length: 12 }, async (_, index) => {
      const salesOpenTime = timestampFromMs(index % 2 === 0 ? Date.now() + HOUR_MS : 0);
      const [bought] = await Promise.all([
        client.batchAllocate({ eventId, entries: [wish([0, 1])] }),
        change(["sales_open_time"], { salesOpenTime }),
      ]);
      outcomes.push(...words(bought.results));
    });
    await Promise.all(rounds);
    const granted = outcomes.filter((outcome) => outcome === "granted").length;
    expect(await stockOf(client, eventId)).to.deep.equal([[10 - granted, granted, 0]]);
    await expectExact(inventory, eventId);
    // Each change began with what the one before had left.
    const changes = (await rowsOf(eventId)).flatMap(({ salesOpenTime }) =>
      salesOpenTime === undefined ? [] : (salesOpenTime as { before: string; after: string }),
    );
    expect(changes.slice(1).map(({ before }) => before)).to.deep.equal(
      changes.slice(0, -1).map(({ after }) => after),
    );
    expect(changes.at(-1)?.after).to.equal(iso((await get())?.salesOpenTime));
  });
});
