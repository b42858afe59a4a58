import { expect } from "chai";
import { drawNumberOf } from "../src/app/draw.ts";
import type { Room } from "../src/domain/waiting-room.ts";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import {
  hoursFromNow,
  IN_STOCK,
  inDrawOrder,
  keyOf,
  openRoom,
  PLENTY,
  people,
  shortly,
  standings,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

describe("a waiting room whose opening is moved", () => {
  const stores = useWaitingRoomStores();
  let store: RedisWaitingRoomStore;
  before(async () => {
    store = await stores.newStore();
  });

  /** Drawn a moment ago: who was drawn, in their order, and who came afterwards. */
  async function drawnRoom() {
    const early = { ...openRoom(), openTime: hoursFromNow(0.5) };
    const ids = people(20);
    await store.join(early, ids, IN_STOCK);
    const opened = { ...early, openTime: new Date() };
    const late = people(3);
    await store.join(opened, late, IN_STOCK);
    const seed = (await store.draw(opened))?.seed ?? Buffer.alloc(0);
    const order = inDrawOrder(ids, seed);
    return { opened, paused: { ...opened, openTime: hoursFromNow(1) }, seed, order, late };
  }
  const positions = (ids: readonly string[]) => ids.map((_id, index) => `waiting ${index + 1}`);

  it("before the draw, draws whoever joined until then", async () => {
    const room = { ...openRoom(), openTime: hoursFromNow(0.5) };
    const ids = people(10);
    await store.join(room, ids.slice(0, 5), IN_STOCK);
    const postponed = { ...room, openTime: hoursFromNow(2) };
    await store.join(postponed, ids.slice(5), IN_STOCK);
    expect(new Set(shortly(await store.poll(postponed, ids)))).to.deep.equal(
      new Set(["waiting 0"]),
    );
    const { seed = Buffer.alloc(0), ...draw } = (await store.draw(postponed)) ?? {};
    expect(draw).to.deep.equal({ isDrawn: false, entrants: 0, drawTime: postponed.openTime });
    const openedEarly = { ...room, openTime: hoursFromNow(-1) };
    const order = inDrawOrder(ids, seed);
    expect(await store.admit(openedEarly, { ...PLENTY, available: 4 })).to.include({
      admitted: 4,
    });
    expect(shortly(await store.poll(openedEarly, order))).to.deep.equal([
      ...["admitted", "admitted", "admitted", "admitted"],
      ...positions(order.slice(4)),
    ]);
    expect(await store.draw(openedEarly)).to.deep.include({ isDrawn: true, entrants: 10 });
  });

  for (const [what, tell] of [
    ["a place", (room: Room, ids: string[]) => store.poll(room, ids)],
    ["the seed", (room: Room) => store.draw(room)],
  ] as const) {
    it(`draws those who are there when ${what} is told, though another process hears of it later`, async () => {
      const late = { ...openRoom(), openTime: hoursFromNow(0.5) };
      const opened = { ...late, openTime: new Date() };
      const ids = people(5);
      await store.join(late, ids, IN_STOCK);
      await tell(opened, ids);
      const other = await stores.newStore();
      await other.join(late, people(20), IN_STOCK);
      expect(shortly(await store.poll(opened, ids))).to.have.members(positions(ids));
      expect(await other.draw(late)).to.include({ isDrawn: true, entrants: 5 });
    });
  }

  it("before the draw, keeps the line of a sale that is postponed beyond its first end", async () => {
    const room = { ...openRoom(), openTime: hoursFromNow(1), closeTime: hoursFromNow(2) };
    await store.join(room, people(2), IN_STOCK);
    const postponed = { ...room, openTime: hoursFromNow(25), closeTime: hoursFromNow(26) };
    expect(await store.admit(postponed, PLENTY)).to.include({ waiting: 2 });
    for (const name of ["room", "line", "places"]) {
      expect(await stores.redis().pttl(keyOf(room, name)), name).to.be.above(26 * 3_600_000);
    }
  });

  it("after the draw, keeps everybody's place, and lets nobody in until it comes", async () => {
    const { opened, paused, order, late } = await drawnRoom();
    const line = [...order, ...late];
    expect(await store.admit(paused, PLENTY)).to.include({ admitted: 0, waiting: line.length });
    const heard = await store.poll(paused, line);
    expect(shortly(heard)).to.deep.equal(positions(line));
    const [head] = standings(heard);
    expect(head).to.have.property("waitMs").within(3_590_000, 3_601_000);
    expect(shortly(await store.join(paused, order.slice(0, 1), IN_STOCK))).to.deep.equal([
      "waiting 1",
    ]);
    const again = { ...opened, openTime: new Date() };
    expect(await store.admit(again, { ...PLENTY, available: 21 })).to.include({ admitted: 21 });
    expect(shortly(await store.poll(again, line.slice(20)))).to.deep.equal([
      ...["admitted", "waiting 1", "waiting 2"],
    ]);
  });

  // The seed is known since the draw: whoever picks an account by it would be first.
  it("after the draw, puts whoever joins at the end", async () => {
    const { paused, seed, order, late } = await drawnRoom();
    const first = drawNumberOf(seed, order[0] ?? "");
    let lucky = people(1);
    while (Buffer.compare(drawNumberOf(seed, lucky[0] ?? ""), first) > 0) {
      lucky = people(1);
    }
    for (const process of [store, await stores.newStore()]) {
      await process.leave(paused, lucky[0] ?? "");
      expect(shortly(await process.join(paused, lucky, IN_STOCK))).to.deep.equal(["waiting 24"]);
    }
    const line = [...order, ...late, ...lucky];
    expect(shortly(await store.poll(paused, line))).to.deep.equal(positions(line));
    expect(await store.drawNumber(paused, lucky[0] ?? "")).to.equal("late");
  });

  it("after the draw, tells the draw as it was", async () => {
    const { opened, paused, seed, order } = await drawnRoom();
    expect(await store.draw(paused)).to.deep.equal({
      ...{ seed, isDrawn: true, entrants: 20, drawTime: opened.openTime },
    });
    expect(await store.drawNumber(paused, order[0] ?? "")).to.equal(
      drawNumberOf(seed, order[0] ?? "").readUIntBE(0, 6),
    );
  });

  it("does not take the time until it comes for a slow pace, also when it is what it was", async () => {
    const { opened, order } = await drawnRoom();
    await store.admit(opened, { ...PLENTY, available: 1 });
    const key = keyOf(opened, "room");
    const long = Date.now() - 3_600_000;
    await stores.redis().hset(key, { pace_time: long, slot_ms: 1 });
    const rules = { ...opened.rules, admitPerMinute: 60_000 };
    const again = { ...opened, rules, openTime: hoursFromNow(-2) };
    await store.admit(again, { ...PLENTY, available: 1 });
    const [, second] = standings(await store.poll(again, order));
    expect(second).to.have.property("waitMs").below(1_000);
  });
});
