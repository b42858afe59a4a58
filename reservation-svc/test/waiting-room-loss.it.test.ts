import { setTimeout } from "node:timers/promises";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Sales } from "../src/app/sales.ts";
import { StoreLost } from "../src/app/waiting-room-store.ts";
import { WaitingRooms } from "../src/app/waiting-rooms.ts";
import { usePassGate } from "./use-pass-gate.ts";
import { reasonOf, wishFor } from "./use-reservations.ts";
import { IN_STOCK, people, shortly } from "./use-waiting-room.ts";

describe("a waiting room whose Redis is lost", () => {
  const gate = usePassGate();
  const [userId] = people(1) as [string];
  const outcomes = async (call: "join" | "poll", eventIds: readonly string[]) => {
    const visitors = eventIds.map((eventId) => ({ eventId, userId }));
    const places = await gate.opened.rooms[call](visitors);
    return places.map((place) =>
      place instanceof Error ? (place as Error & { reason?: string }).reason : place.standing.state,
    );
  };

  it("keeps everybody's place, in order, over a restart", async () => {
    const { room } = gate.newEvent({ rules: { maxActive: 3 } });
    const early = { ...gate.newEvent().room, openTime: new Date(Date.now() + 3_600_000) };
    const ids = people(50);
    const { store } = gate.opened;
    await store.join(room, ids, IN_STOCK);
    await store.join(early, ids, IN_STOCK);
    await store.admit(room, { available: 100, unitsBefore: 0, isAllGone: false });
    const before = await store.poll(room, ids);
    const seed = (await store.draw(early))?.seed;
    const server = gate.stores.server();
    // Only what is in the append-only file comes back.
    await server.stop();
    const lost = await store.poll(room, ids).catch((reason: unknown) => reason);
    expect(lost).to.be.instanceOf(StoreLost);
    await server.start();
    const after = await again(() => store.poll(room, ids));
    expect(shortly(after)).to.deep.equal(shortly(before));
    expect((await store.draw(early))?.seed).to.deep.equal(seed);
    const joined = await store.join(early, people(1), IN_STOCK);
    expect(shortly(joined)).to.deep.equal(["waiting 0"]);
  });

  it("lets everybody buy, or nobody, as the event says, and is itself again afterwards", async () => {
    const open = gate.newEvent({ rules: { onStoreLoss: "open" } });
    const closed = gate.newEvent({ rules: { onStoreLoss: "closed" } });
    const eventIds = [open.eventId, closed.eventId];
    await outcomes("join", eventIds);
    const passes = [await gate.passFor(open, userId), await gate.passFor(closed, userId)];
    const server = gate.stores.server();
    await server.stop();
    const unavailable = "WAITING_ROOM_UNAVAILABLE";
    expect(await outcomes("poll", eventIds)).to.deep.equal(["lost", unavailable]);
    expect(await outcomes("join", eventIds)).to.deep.equal(["lost", unavailable]);
    const { rooms, replica } = gate.opened;
    for (const { eventId } of [open, closed]) {
      expect(await reasonOf(rooms.leave({ eventId, userId }))).to.equal(unavailable);
      expect(await reasonOf(rooms.draw(eventId))).to.equal(unavailable);
    }
    const wish = (event: typeof open, admissionPass: string) =>
      wishFor(event, { userId, admissionPass });
    const late = await gate.sign({
      eventId: open.eventId,
      userId,
      serial: "1",
      expireTime: new Date(Date.now() - 1_000),
    });
    for (const admissionPass of [passes[0] ?? "", "", late]) {
      await replica.create(wish(open, admissionPass));
    }
    const forged = replica.create(wish(open, "a.b.c"));
    expect(await reasonOf(forged)).to.equal("PASS_INVALID");
    for (const admissionPass of [passes[1] ?? "", ""]) {
      const refused = replica.create(wish(closed, admissionPass));
      expect(await reasonOf(refused)).to.equal(unavailable);
    }
    await server.start();
    await again(() => gate.opened.store.eventIds());
    expect(await outcomes("poll", eventIds)).to.deep.equal(["admitted", "admitted"]);
    expect(await reasonOf(replica.create(wish(open, "")))).to.equal("PASS_REQUIRED");
    await replica.create(wish(closed, passes[1] ?? ""));
  });

  it("lets nobody buy past a room that is paused, also since a moment ago", async () => {
    const event = gate.newEvent({ rules: { onStoreLoss: "open" } });
    const { eventId, room } = event;
    const { replica } = gate.opened;
    const pass = await gate.passFor(event, userId);
    const create = (admissionPass: string) =>
      reasonOf(replica.create(wishFor(event, { userId, admissionPass })));
    const server = gate.stores.server();
    await server.stop();
    await gate.opened.store.eventIds().catch(() => undefined);
    expect(await create("")).to.equal("none");
    gate.source.add({ ...room, rules: { ...room.rules, admitPerMinute: 0 } });
    // Nobody polls, and the hot path believes what it heard for longer.
    await setTimeout(1_100);
    expect([await create(""), await create(pass)]).to.deep.equal([
      ...["WAITING_ROOM_UNAVAILABLE", "WAITING_ROOM_UNAVAILABLE"],
    ]);
    expect(await outcomes("poll", [eventId])).to.deep.equal(["WAITING_ROOM_UNAVAILABLE"]);
    await server.start();
    await again(() => gate.opened.store.eventIds());
    expect(await outcomes("poll", [eventId])).to.deep.equal(["admitted"]);
    expect(await create(pass)).to.equal("none");
  });

  it("is lost as well while Redis hangs", async () => {
    const { room } = gate.newEvent({ rules: { onStoreLoss: "open" } });
    await outcomes("join", [room.eventId]);
    gate.stores.server().signal("SIGSTOP");
    expect(await outcomes("poll", [room.eventId])).to.deep.equal(["lost"]);
    gate.stores.server().signal("SIGCONT");
    await again(() => gate.opened.store.eventIds());
    expect(await outcomes("poll", [room.eventId])).to.deep.equal(["waiting"]);
  });

  it("lets nobody in who could not buy: before the opening, or after the end", async () => {
    const { room } = gate.newEvent({ rules: { onStoreLoss: "open" } });
    const sales = new Sales(gate.source);
    let now = room.openTime;
    const { store, passKeys, observer } = gate.deps();
    const rooms = new WaitingRooms({ store, sales, passKeys, observer, now: () => now });
    const server = gate.stores.server();
    await server.stop();
    const visitor = { eventId: room.eventId, userId };
    const told = async () => {
      const [place] = await rooms.poll([visitor]);
      return place instanceof Error ? place : place?.standing;
    };
    expect(await told()).to.deep.equal({ state: "lost" });
    now = new Date(room.openTime.getTime() - 1);
    expect(await told()).to.include({ reason: "WAITING_ROOM_UNAVAILABLE" });
    now = room.closeTime;
    expect(await told()).to.include({ reason: "WAITING_ROOM_UNAVAILABLE" });
    const [joined] = await rooms.join([visitor]);
    expect(joined).to.include({ reason: "SALES_CLOSED" });
    expect(joined).to.have.deep.property("metadata", {
      eventId: room.eventId,
      salesOpenTime: room.openTime.toISOString(),
      salesCloseTime: room.closeTime.toISOString(),
    });
    await server.start();
    await again(() => gate.opened.store.eventIds());
    // The store is asked again, whatever this process's own clock says.
    const [kept] = await rooms.join([visitor]);
    expect(kept).to.have.nested.property("standing.state", "waiting");
  });
});

/** Asks until Redis answers again. */
async function again<T>(question: () => Promise<T>): Promise<T> {
  return await until("Redis answers", () => question().catch(() => undefined));
}
