import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Room } from "../src/domain/waiting-room.ts";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import {
  ALL_GONE,
  IN_STOCK,
  keyOf,
  openRoom,
  PLENTY,
  people,
  standings,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

/** There is something, and nobody can have it now. */
const NOTHING = { ...PLENTY, available: 0 };

describe("the wait that people in a waiting room are told", () => {
  const stores = useWaitingRoomStores();
  let store: RedisWaitingRoomStore;
  before(async () => {
    store = await stores.newStore();
  });

  async function waitOf(room: Room, userId = ""): Promise<number> {
    const [told] = standings(await store.poll(room, [userId]));
    return told?.state === "waiting" ? Number(told.waitMs) : Number.NaN;
  }

  /** The end of the claim of somebody who had a slot for so long. */
  async function purchase(room: Room, userId = "", tookMs = 0) {
    const serial = String(Date.now() - tookMs);
    await stores.rename(room, userId, serial);
    return { userId, serial, reservationId: randomUUID(), units: 1 };
  }

  it("goes by the slots: those that are free now, and how long buyers take them", async () => {
    const room = openRoom({ admitPerMinute: 60_000, maxActive: 2, passSeconds: 120 });
    const ids = people(5);
    const waits = async (those = ids) => {
      const told = standings(await store.poll(room, those));
      return told.map((one) =>
        one.state === "waiting" ? Math.round(Number(one.waitMs)) : one.state,
      );
    };
    await store.join(room, ids, IN_STOCK);
    // Nobody bought yet: a slot is thought to be taken for a minute.
    expect(await waits()).to.deep.equal([1, 2, 30_002, 60_002, 90_002]);
    await store.admit(room, PLENTY);
    expect(await waits()).to.deep.equal(["admitted", "admitted", 30_000, 60_000, 90_000]);
    // One was let in a day ago and buys now, one just now: about the last sixteen count.
    const day = 24 * 60 * 60 * 1000;
    await store.settle(room, [await purchase(room, ids[0], day), await purchase(room, ids[1], 0)]);
    await store.admit(room, NOTHING);
    const [third] = await waits(ids.slice(2));
    expect(Number(third) / (((day / 2) * 15) / 16)).to.be.within(0.99, 1.01);
  });

  it("takes a slot for one that was left at once when the clock is behind, after a failover", async () => {
    const room = openRoom({ admitPerMinute: 60_000, maxActive: 1 });
    const ids = people(2);
    await store.join(room, ids, IN_STOCK);
    await store.admit(room, PLENTY);
    await store.settle(room, [await purchase(room, ids[0], -60_000)]);
    await store.admit(room, NOTHING);
    expect(await waitOf(room, ids[1])).to.be.below(1_000);
  });

  it("goes by the pace of late, when it is slower than the rate", async () => {
    const room = openRoom({ admitPerMinute: 60_000, maxActive: 1 });
    const ids = people(3);
    // Buyers are as quick as the rate.
    await stores.redis().hset(keyOf(room, "room"), "slot_ms", 1);
    await store.join(room, ids, IN_STOCK);
    await store.admit(room, PLENTY);
    const waitOfLast = () => waitOf(room, ids[2]);
    expect(await waitOfLast()).to.be.within(2, 3);
    // The only slot is taken, and stays so for a minute, over which the pace is averaged.
    for (let step = 0; step < 12; step += 1) {
      await stores.redis().hset(keyOf(room, "room"), "pace_time", Date.now() - 5_000);
      await store.admit(room, PLENTY);
    }
    expect(await waitOfLast()).to.be.within(2 * Math.E * 0.95, 2 * Math.E * 1.05);
    // When nobody waits any more, nobody is slowed down.
    for (const id of ids) {
      await store.leave(room, id);
    }
    await store.admit(room, PLENTY);
    await store.join(room, ids, IN_STOCK);
    expect(await waitOfLast()).to.equal(3);
  });

  it("says nothing of a pause in which nobody waited, to the crowd that comes after it", async () => {
    const room = openRoom({ admitPerMinute: 60_000 });
    const [early, ...crowd] = people(3);
    await stores.redis().hset(keyOf(room, "room"), "slot_ms", 1);
    await store.join(room, [early ?? ""], IN_STOCK);
    await store.admit(room, PLENTY);
    await store.admit(room, PLENTY);
    // An hour later; an empty room has no steps.
    await stores.redis().hincrby(keyOf(room, "room"), "pace_time", -3_600_000);
    await store.join(room, crowd, IN_STOCK);
    await store.admit(room, NOTHING);
    expect(await waitOf(room, crowd[1])).to.be.below(1_000);
    // Nor does the end of a line, which was slow, of the one after it.
    await stores.redis().hset(keyOf(room, "room"), "pace", 1e-9);
    await store.admit(room, ALL_GONE);
    await store.join(room, crowd, IN_STOCK);
    expect(await waitOf(room, crowd[1])).to.equal(2);
    // Nor does a time in which nothing reached the room.
    const now = Date.now();
    const quiet = { heard_time: now - 11_000, pace_time: now - 9_000 };
    await stores.redis().hset(keyOf(room, "room"), quiet);
    await store.admit(room, NOTHING);
    expect(await waitOf(room, crowd[1])).to.equal(2);
  });

  it("does not change with the first step of a replica, which does not know what is left", async () => {
    const room = openRoom({ admitPerMinute: 60_000, maxActive: 4, passSeconds: 120 });
    const ids = people(6);
    await store.join(room, ids, IN_STOCK);
    const told = await waitOf(room, ids[5]);
    await store.admit(room, undefined);
    expect(await waitOf(room, ids[5])).to.be.within(told, told * 1.01);
    await store.admit(room, NOTHING);
    expect(await waitOf(room, ids[5])).to.be.within(90_000, 90_900);
    await store.admit(room, { ...PLENTY, available: 1 });
    const after = await waitOf(room, ids[5]);
    await store.admit(room, undefined);
    expect(await waitOf(room, ids[5])).to.be.within(after, after * 1.01);
  });
});
