import { expect } from "chai";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import { SeparateSteps } from "./separate-steps.ts";
import {
  admitAll,
  hoursFromNow,
  IN_STOCK,
  keyOf,
  openRoom,
  PLENTY,
  people,
  shortly,
  standings,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

/** Longer than the grace of the skipped. */
const LONG_MS = 2 * 60_000;

describe("admission to a waiting room's sale", () => {
  const stores = useWaitingRoomStores();
  let store: RedisWaitingRoomStore;
  before(async () => {
    store = await stores.newStore();
  });

  it("lets in the head of the line, as many as there are slots", async () => {
    const room = openRoom({ maxActive: 3 });
    const ids = people(10);
    await store.join(room, ids, IN_STOCK);
    expect(await admitAll(store, room)).to.deep.equal({ admitted: 3, skipped: 0 });
    expect(shortly(await store.poll(room, ids))).to.deep.equal([
      ...["admitted", "admitted", "admitted"],
      ...[1, 2, 3, 4, 5, 6, 7].map((position) => `waiting ${position}`),
    ]);
    // A slot is free when somebody leaves.
    await store.leave(room, ids[1] ?? "");
    expect(await admitAll(store, room)).to.include({ admitted: 1 });
    expect(shortly(await store.poll(room, ids.slice(3, 5)))).to.deep.equal([
      "admitted",
      "waiting 1",
    ]);
  });

  it("lets in no more than there are units, less those that others may yet take", async () => {
    const room = openRoom();
    await store.join(room, people(10), IN_STOCK);
    const four = { ...PLENTY, available: 4 };
    expect(await admitAll(store, room, four)).to.deep.equal({ admitted: 4, skipped: 0 });
    expect(await admitAll(store, room, { ...PLENTY, available: 5 })).to.include({ admitted: 1 });
    expect(await admitAll(store, room, { ...PLENTY, available: 0 })).to.include({ admitted: 0 });
  });

  it("takes off what was bought since the units were counted", async () => {
    const room = openRoom();
    const ids = people(6);
    await store.join(room, ids, IN_STOCK);
    const five = { ...PLENTY, available: 5 };
    await admitAll(store, room, { ...five, available: 1 });
    const [first] = standings(await store.poll(room, ids.slice(0, 1)));
    const serial = first?.state === "admitted" ? first.serial : "";
    const claim = { userId: ids[0] ?? "", serial, reservationId: people(1)[0] ?? "" };
    await store.claim(room, [claim]);
    await store.settle(room, [{ ...claim, units: 3 }]);
    // Five were counted before three of them were bought.
    expect(await store.admit(room, five)).to.include({ admitted: 2, active: 2, units: 3 });
    expect(await store.admit(room, { ...five, unitsBefore: 3 })).to.include({ admitted: 3 });
  });

  it("keeps to its rate, with a burst of one person at least", async () => {
    const slow = openRoom({ admitPerMinute: 1 });
    await store.join(slow, people(5), IN_STOCK);
    expect(await admitAll(store, slow)).to.deep.equal({ admitted: 1, skipped: 0 });
    expect(await store.admit(slow, PLENTY)).to.include({ admitted: 0, waiting: 4 });
    const fast = openRoom({ admitPerMinute: 600 });
    await store.join(fast, people(50), IN_STOCK);
    // A second's worth at once, and what the moments of this test add to it.
    expect((await admitAll(store, fast)).admitted).to.be.within(10, 20);
  });

  it("passes over the silent, who get their turn back when they return in time", async () => {
    const room = openRoom({ maxActive: 1 });
    const [silent, gone, present, last] = people(4) as [string, string, string, string];
    await store.join(room, [silent, gone, present, last], IN_STOCK);
    await stores.age(room, silent, LONG_MS);
    await stores.age(room, gone, LONG_MS);
    expect(await store.admit(room, PLENTY)).to.include({ admitted: 1, skipped: 2, waiting: 1 });
    expect(shortly(await store.poll(room, [present, last]))).to.deep.equal([
      "admitted",
      "waiting 1",
    ]);
    // Nobody's position grows because of it: who returned is next, and not in the line.
    expect(shortly(await store.poll(room, [silent, last]))).to.deep.equal([
      "waiting 1",
      "waiting 1",
    ]);
    await stores.age(room, gone, LONG_MS);
    expect(shortly(await store.poll(room, [gone]))).to.deep.equal(["expired"]);
    await store.leave(room, present);
    await admitAll(store, room);
    expect(shortly(await store.poll(room, [silent, last]))).to.deep.equal([
      "admitted",
      "waiting 1",
    ]);
    // Whoever was silent for too long takes a new place, at the end.
    expect(shortly(await store.join(room, [gone], IN_STOCK))).to.deep.equal(["waiting 2"]);
  });

  it("serves those who returned in the order that they had", async () => {
    const room = openRoom({ maxActive: 2 });
    const ids = people(6);
    await store.join(room, ids, IN_STOCK);
    for (const id of ids.slice(0, 4)) {
      await stores.age(room, id, LONG_MS);
    }
    await admitAll(store, room);
    await store.poll(room, ids.slice(0, 4).toReversed());
    await store.leave(room, ids[4] ?? "");
    await store.leave(room, ids[5] ?? "");
    await admitAll(store, room);
    expect(shortly(await store.poll(room, ids.slice(0, 4)))).to.deep.equal([
      ...["admitted", "admitted", "waiting 1", "waiting 1"],
    ]);
  });

  it("takes an admitted person who does not fetch the pass for silent", async () => {
    const room = openRoom({ maxActive: 1 });
    const [first, second] = people(2) as [string, string];
    await store.join(room, [first, second], IN_STOCK);
    await store.admit(room, PLENTY);
    await stores.age(room, first, 30_000);
    expect(await store.admit(room, PLENTY)).to.include({ lapsed: 1, admitted: 1 });
    expect(shortly(await store.poll(room, [first]))).to.deep.equal(["waiting 1"]);
    await store.leave(room, second);
    await store.admit(room, PLENTY);
    await stores.age(room, first, LONG_MS);
    expect(shortly(await store.poll(room, [first]))).to.deep.equal(["expired"]);
  });

  it("gives the same pass as often as it is asked for, and ends it when it is over", async () => {
    const room = openRoom({ maxActive: 1, passSeconds: 60 });
    const ids = people(2);
    await store.join(room, ids, IN_STOCK);
    await store.admit(room, PLENTY);
    const passOf = (heard: Parameters<typeof standings>[0]) => {
      const [place] = standings(heard);
      return place?.state === "admitted" ? [place.serial, place.passExpireTime.getTime()] : [];
    };
    const first = passOf(await store.poll(room, ids.slice(0, 1)));
    expect(passOf(await store.poll(room, ids.slice(0, 1)))).to.deep.equal(first);
    expect(passOf(await store.join(room, ids.slice(0, 1), IN_STOCK))).to.deep.equal(first);
    const end = Number(first[1]);
    expect(end % 1000).to.equal(0);
    expect(end - Date.now()).to.be.within(50_000, 61_000);
    await stores.age(room, ids[0] ?? "", 62_000);
    expect(shortly(await store.poll(room, ids))).to.deep.equal(["expired", "waiting 1"]);
    expect(await store.admit(room, PLENTY)).to.include({ lapsed: 1, admitted: 1 });
    expect(shortly(await store.join(room, ids, IN_STOCK))).to.deep.equal(["waiting 1", "admitted"]);
  });

  it("ends a pass with the sale, also when that goes on for longer after all", async () => {
    const closeTime = new Date(Date.now() + 30_000);
    const room = { ...openRoom({ passSeconds: 60 }), closeTime };
    const [id] = people(1) as [string];
    await store.join(room, [id], IN_STOCK);
    await store.admit(room, PLENTY);
    const [place] = standings(await store.poll(room, [id]));
    // A pass counts whole seconds.
    const end = new Date(Math.ceil(closeTime.getTime() / 1000) * 1000);
    expect(place).to.include({ state: "admitted" }).and.deep.include({ passExpireTime: end });
    const [longer] = standings(await store.poll({ ...room, closeTime: hoursFromNow(1) }, [id]));
    expect(longer)
      .to.have.property("passExpireTime")
      .that.is.within(new Date(end.getTime() + 20_000), new Date(end.getTime() + 31_000));
    // Until then the ledger says whether the sale is over.
    await stores.age(room, id, 31_000);
    const serial = place?.state === "admitted" ? place.serial : "";
    const claim = { userId: id, serial, reservationId: people(1)[0] ?? "" };
    const [claimed] = await store.claim({ ...room, closeTime: new Date() }, [claim]);
    expect(claimed).to.have.property("claimTime");
  });

  describe("by many workers at once", () => {
    const CROWD = 400;
    const SLOTS = 100;

    it("lets in exactly as many as there are slots, in order, and loses nobody", async () => {
      const room = openRoom({ maxActive: SLOTS });
      const ids = people(CROWD);
      await store.join(room, ids, IN_STOCK);
      const workers = await Promise.all(Array.from({ length: 8 }, () => stores.newStore()));
      const sums = await Promise.all(workers.map((worker) => admitAll(worker, room)));
      expect(sums.reduce((sum, { admitted }) => sum + admitted, 0)).to.equal(SLOTS);
      expect(shortly(await store.poll(room, ids))).to.deep.equal(
        ids.map((_id, index) => (index < SLOTS ? "admitted" : `waiting ${index + 1 - SLOTS}`)),
      );
    });

    // The same step made of separate commands shows that the test above would see the fault.
    it("would let in too many, were a step made of separate commands", async () => {
      const room = openRoom({ maxActive: SLOTS });
      await store.join(room, people(CROWD), IN_STOCK);
      const steps = new SeparateSteps(stores.redis(), room);
      await Promise.all(Array.from({ length: 8 }, () => steps.admit()));
      const { active } = await stores.sizes(room);
      expect(active).to.be.greaterThan(SLOTS);
    });

    it("would lose people, were a worker killed in the middle of separate commands", async () => {
      const room = openRoom({ maxActive: SLOTS });
      const ids = people(CROWD);
      await store.join(room, ids, IN_STOCK);
      const steps = new SeparateSteps(stores.redis(), room);
      const death = await steps.admit({ diesAfter: 10 }).catch((reason: unknown) => reason);
      expect(death).to.be.instanceOf(Error);
      const { line, active } = await stores.sizes(room);
      expect(line + active).to.be.lessThan(CROWD);
    });
  });

  it("passes over what has no record, and goes on", async () => {
    const room = openRoom();
    const ids = people(3);
    await store.join(room, ids, IN_STOCK);
    await stores.redis().zadd(keyOf(room, "line"), 0, "not a person");
    expect(await admitAll(store, room)).to.deep.equal({ admitted: 3, skipped: 0 });
  });

  it("says for how long nobody was let in who could have been", async () => {
    const room = openRoom({ admitPerMinute: 1 });
    await store.join(room, people(3), IN_STOCK);
    expect(await store.admit(room, PLENTY)).to.include({ stalledMs: 0 });
    const key = keyOf(room, "room");
    await stores.redis().hset(key, "admit_time", Date.now() - 90_000);
    expect((await store.admit(room, PLENTY)).stalledMs).to.be.at.least(90_000);
    expect(await store.admit(room, { ...PLENTY, available: 0 })).to.include({ stalledMs: 0 });
  });
});
