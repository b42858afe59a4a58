import { expect } from "chai";
import type { Room } from "../src/domain/waiting-room.ts";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import {
  hoursFromNow,
  IN_STOCK,
  keyOf,
  openRoom,
  PLENTY,
  people,
  shortly,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

/** Longer than the grace of the skipped. */
const LONG_MS = 2 * 60_000;

describe("a waiting room that nothing reaches", () => {
  const stores = useWaitingRoomStores();
  let store: RedisWaitingRoomStore;
  before(async () => {
    store = await stores.newStore();
  });

  /** Somebody was heard so long ago, and nobody since. */
  const lastHeard = (room: Room, ms: number) =>
    stores.redis().hset(keyOf(room, "room"), "heard_time", Date.now() - ms);

  it("passes over nobody while nothing reaches the room, and the others as soon as it does", async () => {
    const room = openRoom({ maxActive: 1 });
    const [one, two, three] = people(3) as [string, string, string];
    await store.join(room, [one, two, three], IN_STOCK);
    for (const id of [one, two]) {
      await stores.age(room, id, LONG_MS);
    }
    await lastHeard(room, 11_000);
    const nobody = { admitted: 0, skipped: 0, waiting: 3, stalledMs: 0 };
    expect(await store.admit(room, PLENTY)).to.include(nobody);
    expect(shortly(await store.poll(room, [three]))).to.deep.equal(["waiting 3"]);
    expect(await store.admit(room, PLENTY)).to.include({ admitted: 1, skipped: 2 });
    expect(shortly(await store.poll(room, [two, three]))).to.deep.equal(["waiting 1", "admitted"]);
  });

  it("lets those in whose silence began while nothing reached the room, in order", async () => {
    const room = openRoom({ maxActive: 2 });
    const [one, two, three] = people(3) as [string, string, string];
    await store.join(room, [one, two, three], IN_STOCK);
    // They were to be heard five seconds ago.
    await stores.age(room, one, 17_000);
    await stores.age(room, two, 17_000);
    await lastHeard(room, 60_000);
    expect(shortly(await store.poll(room, [three]))).to.deep.equal(["waiting 3"]);
    expect(await store.admit(room, PLENTY)).to.include({ admitted: 2, skipped: 0 });
    // A front door that opens and shuts takes nothing of that back.
    await lastHeard(room, 11_000);
    const all = shortly(await store.poll(room, [one, two, three]));
    expect(all).to.deep.equal(["admitted", "admitted", "waiting 1"]);
  });

  it("lets those in whose time was over a moment after, before they could call", async () => {
    const room = openRoom({ maxActive: 1 });
    const [one, two] = people(2) as [string, string];
    await store.join(room, [one, two], IN_STOCK);
    await lastHeard(room, 60_000);
    await store.poll(room, [two]);
    await stores.redis().hset(keyOf(room, "room"), "quiet_end", Date.now() - 5_000);
    await stores.age(room, one, (await stores.dueIn(room, one)) + 4_000);
    expect(await store.admit(room, PLENTY)).to.include({ admitted: 1, skipped: 0 });
  });

  it("takes nobody's pause before the opening, when all may be told to wait, for an outage", async () => {
    const room = openRoom({ maxActive: 2 });
    const early = { ...room, openTime: hoursFromNow(1) };
    const [gone, present] = people(2) as [string, string];
    for (const id of [gone, present]) {
      await store.join(early, [id], IN_STOCK);
    }
    // The longest pause that anybody is told to make; within it, somebody's silence begins.
    await lastHeard(early, 36_000);
    await stores.age(early, gone, (await stores.dueIn(early, gone)) + 20_000);
    await store.poll(early, [present]);
    expect(await store.admit(room, PLENTY)).to.include({ admitted: 1, skipped: 1 });
  });

  it("knows an outage from before the opening until after it for one", async () => {
    const room = openRoom({ maxActive: 2 });
    const [one, two] = people(2) as [string, string];
    await store.join({ ...room, openTime: hoursFromNow(1) }, [one, two], IN_STOCK);
    // It opened 30 seconds ago, and 10 seconds ago the first one was to be heard.
    const open = { ...room, openTime: new Date(Date.now() - 30_000) };
    await stores.age(open, one, (await stores.dueIn(open, one)) + 10_000);
    await lastHeard(open, 32_000);
    await store.poll(open, [two]);
    expect(await store.admit(open, PLENTY)).to.include({ admitted: 2, skipped: 0 });
  });

  it("keeps the grace of a first outage through a second one", async () => {
    const room = openRoom({ maxActive: 1 });
    const [skipped, present] = people(2) as [string, string];
    await store.join(room, [skipped, present], IN_STOCK);
    await stores.age(room, skipped, LONG_MS);
    expect(await store.admit(room, PLENTY)).to.include({ admitted: 1, skipped: 1 });
    await stores.age(room, skipped, 100_000);
    await lastHeard(room, 100_000);
    await store.poll(room, [present]);
    await lastHeard(room, 11_000);
    expect(shortly(await store.poll(room, [skipped]))).to.deep.equal(["waiting 1"]);
  });

  it("gives those whose grace ended while nothing reached the room another one", async () => {
    const room = openRoom({ maxActive: 1 });
    const [skipped, expired, admitted] = people(3) as [string, string, string];
    await store.join(room, [skipped, expired, admitted], IN_STOCK);
    await stores.age(room, skipped, LONG_MS);
    await stores.age(room, expired, LONG_MS);
    expect(await store.admit(room, PLENTY)).to.include({ admitted: 1, skipped: 2 });
    // The graces ended 40 and 180 seconds ago, the time to fetch the pass 30, and 100 ago was the last word.
    await stores.age(room, skipped, 100_000);
    await stores.age(room, expired, 240_000);
    await stores.age(room, admitted, 42_000);
    await lastHeard(room, 100_000);
    expect(shortly(await store.poll(room, [skipped, expired, admitted]))).to.deep.equal([
      "waiting 1",
      "expired",
      "waiting 1",
    ]);
  });
});
