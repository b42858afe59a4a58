import { expect } from "chai";
import { drawNumberOf } from "../src/app/draw.ts";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import {
  ALL_GONE,
  admitAll,
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

describe("the line of a waiting room", () => {
  const stores = useWaitingRoomStores();
  let store: RedisWaitingRoomStore;
  before(async () => {
    store = await stores.newStore();
  });

  describe("after the opening", () => {
    it("is first come, first served; joining again keeps the place", async () => {
      const room = openRoom();
      const [one, two, three] = people(3) as [string, string, string];
      expect(shortly(await store.join(room, [one, two], IN_STOCK))).to.deep.equal([
        "waiting 1",
        "waiting 2",
      ]);
      const again = await store.join(room, [three, one, three], IN_STOCK);
      expect(shortly(again)).to.deep.equal(["waiting 3", "waiting 1", "waiting 3"]);
      expect(again).to.have.nested.property("[0].isNew", true);
      expect(again).to.have.nested.property("[1].isNew", false);
      expect(again).to.have.nested.property("[2].isNew", false);
      expect(shortly(await store.poll(room, [two]))).to.deep.equal(["waiting 2"]);
    });

    it("moves up when somebody leaves, who joins again at the end", async () => {
      const room = openRoom();
      const ids = people(3);
      await store.join(room, ids, IN_STOCK);
      await store.leave(room, ids[0] ?? "");
      expect(shortly(await store.poll(room, ids))).to.deep.equal([
        "none",
        "waiting 1",
        "waiting 2",
      ]);
      expect(shortly(await store.join(room, ids.slice(0, 1), IN_STOCK))).to.deep.equal([
        "waiting 3",
      ]);
    });

    it("is longer than one script takes", async () => {
      const room = openRoom();
      const ids = people(600);
      const joined = standings(await store.join(room, ids, IN_STOCK));
      const polled = standings(await store.poll(room, ids));
      for (const heard of [joined, polled]) {
        expect(heard.map((one) => one.state === "waiting" && one.position)).to.deep.equal(
          ids.map((_id, index) => index + 1),
        );
      }
    });

    it("tells how long the wait is thought to be", async () => {
      const room = openRoom({ admitPerMinute: 60 });
      const [first, , third] = standings(await store.join(room, people(3), IN_STOCK));
      expect(first).to.include({ waitMs: 1_000 });
      expect(third).to.include({ waitMs: 3_000 });
    });

    it("holds so many people, and no more", async () => {
      const small = await stores.newStore({ maxPeople: 2 });
      const room = openRoom();
      const ids = people(3);
      const heard = await small.join(room, ids, IN_STOCK);
      expect(shortly(heard)).to.deep.equal(["waiting 1", "waiting 2", "full"]);
      await small.leave(room, ids[0] ?? "");
      expect(shortly(await small.join(room, ids.slice(1), IN_STOCK))).to.deep.equal([
        "waiting 1",
        "waiting 2",
      ]);
    });
  });

  describe("before the opening", () => {
    it("has no order yet; the draw makes it, and anybody can check it", async () => {
      const room = { ...openRoom(), openTime: hoursFromNow(0.5) };
      const ids = people(40);
      const commitment = await store.draw(room);
      const seed = commitment?.seed ?? Buffer.alloc(0);
      expect(seed).to.have.length(32);
      expect(commitment).to.include({ isDrawn: false, entrants: 0 });
      for (const heard of [await store.join(room, ids, IN_STOCK), await store.poll(room, ids)]) {
        expect(new Set(shortly(heard))).to.deep.equal(new Set(["waiting 0"]));
      }
      expect(await store.admit(room, PLENTY)).to.include({ waiting: 40, admitted: 0 });
      expect(await store.drawNumber(room, ids[0] ?? "")).to.equal("early");

      const opened = { ...room, openTime: new Date() };
      const late = people(1);
      expect(shortly(await store.join(opened, late, IN_STOCK))).to.deep.equal(["waiting 41"]);
      const order = inDrawOrder(ids, seed);
      expect(shortly(await store.poll(opened, order))).to.deep.equal(
        order.map((_id, index) => `waiting ${index + 1}`),
      );
      const drawTime = opened.openTime;
      expect(await store.draw(opened)).to.deep.equal({
        ...{ seed, isDrawn: true, entrants: 40, drawTime },
      });
      const first = drawNumberOf(seed, order[0] ?? "");
      expect(await store.drawNumber(opened, order[0] ?? "")).to.equal(first.readUIntBE(0, 6));
      expect(await store.drawNumber(opened, late[0] ?? "")).to.equal("late");
      expect(await store.drawNumber(opened, people(1)[0] ?? "")).to.equal("none");
    });

    it("is the same order wherever, and however often, somebody leaves and joins", async () => {
      const room = { ...openRoom(), openTime: hoursFromNow(0.5) };
      const ids = people(10);
      await store.join(room, ids, IN_STOCK);
      await store.leave(room, ids[3] ?? "");
      await store.join(room, ids.toReversed(), IN_STOCK);
      const seed = (await store.draw(room))?.seed ?? Buffer.alloc(0);
      const order = inDrawOrder(ids, seed);
      const opened = { ...room, openTime: new Date() };
      expect(shortly(await store.poll(opened, order))).to.deep.equal(
        order.map((_id, index) => `waiting ${index + 1}`),
      );
    });
  });

  describe("at its end", () => {
    it("is told that all is gone, everybody at once, and starts anew when units come back", async () => {
      const room = openRoom({ maxActive: 2 });
      const ids = people(5);
      await store.join(room, ids, IN_STOCK);
      await store.admit(room, PLENTY);
      await store.poll(room, ids.slice(0, 2));
      expect(await store.admit(room, ALL_GONE)).to.include({ gone: 5, waiting: 0, active: 0 });
      expect(await store.admit(room, ALL_GONE)).to.include({ gone: 0 });
      expect(new Set(shortly(await store.poll(room, ids)))).to.deep.equal(new Set(["gone"]));
      const late = people(1);
      const stillGone = { isAllGone: true };
      expect(shortly(await store.join(room, [...late, ...ids], stillGone))).to.deep.equal(
        Array.from({ length: 6 }, () => "gone"),
      );
      expect(shortly(await store.poll(room, late))).to.deep.equal(["gone"]);
      // What was told stays told; who joins from now on stands in a new line.
      expect(await store.admit(room, PLENTY)).to.include({ admitted: 0, gone: 0 });
      expect(shortly(await store.poll(room, ids.slice(0, 1)))).to.deep.equal(["gone"]);
      const again = [...people(1), ids[4] ?? ""];
      expect(shortly(await store.join(room, again, IN_STOCK))).to.deep.equal([
        "waiting 1",
        "waiting 2",
      ]);
      await admitAll(store, room);
      expect(shortly(await store.poll(room, again))).to.deep.equal(["admitted", "admitted"]);
    });

    it("forgets its places within an hour, and tells whoever comes that all is gone, though it is full", async () => {
      const small = await stores.newStore({ maxPeople: 2 });
      const room = openRoom();
      const ids = people(2);
      await small.join(room, ids, IN_STOCK);
      await small.admit(room, ALL_GONE);
      const leftMs = () => stores.redis().pttl(keyOf(room, "places"));
      expect(await leftMs()).to.be.within(1, 3_600_000);
      const heard = await small.join(room, people(1), { isAllGone: true });
      expect(heard).to.deep.equal([{ standing: { state: "gone" }, isNew: false }]);
      expect(await stores.sizes(room)).to.include({ places: 2 });
      expect(await leftMs()).to.be.within(1, 3_600_000);
      // Who starts anew keeps the place for as long as ever.
      expect(shortly(await small.join(room, ids, IN_STOCK))).to.deep.equal([
        "waiting 1",
        "waiting 2",
      ]);
      expect(await leftMs()).to.be.greaterThan(3_600_000);
    });

    it("starts anew with a join, though no step of admission saw the units come back", async () => {
      const room = openRoom();
      await store.join(room, people(2), IN_STOCK);
      await store.admit(room, ALL_GONE);
      expect(shortly(await store.join(room, people(1), IN_STOCK))).to.deep.equal(["waiting 1"]);
    });

    it("is closed when the sale is", async () => {
      const room = openRoom();
      const ids = people(2);
      await store.join(room, ids, IN_STOCK);
      const closed = { ...room, closeTime: new Date(Date.now() - 1) };
      expect(shortly(await store.join(closed, ids, IN_STOCK))).to.deep.equal(["closed", "closed"]);
      expect(shortly(await store.poll(closed, ids))).to.deep.equal(["gone", "gone"]);
      expect(await store.admit(closed, PLENTY)).to.include({ admitted: 0, waiting: 0 });
    });

    it("keeps the draw for those who check it later, and makes none for a sale that is over", async () => {
      const room = openRoom();
      await store.join(room, people(1), IN_STOCK);
      const over = { closeTime: new Date(Date.now() - 1) };
      expect(await store.draw({ ...room, ...over })).to.have.property("isDrawn", true);
      expect(await store.draw({ ...openRoom(), ...over })).to.equal(undefined);
    });

    it("leaves nothing behind for ever", async () => {
      const room = openRoom({ maxActive: 1 });
      const ids = people(3);
      const keysNow = () => stores.redis().keys(`*{${room.eventId}}*`);
      await store.poll(room, ids);
      expect(await keysNow()).to.deep.equal([]);
      await store.join(room, ids, IN_STOCK);
      await store.admit(room, PLENTY);
      const keys = await keysNow();
      expect(keys).to.have.length(4);
      for (const key of keys) {
        expect(await stores.redis().pttl(key), key).to.be.within(6 * 3_600_000, 31 * 86_400_000);
      }
    });

    it("forgets ended places after a while, whoever does not wait or hold a pass", async () => {
      const room = openRoom({ maxActive: 2 });
      const [left, admitted, waiting] = people(3) as [string, string, string];
      await store.join(room, [left, admitted, waiting], IN_STOCK);
      await stores.age(room, left, 60_000);
      await store.admit(room, PLENTY);
      await store.admit(room, PLENTY);
      await store.poll(room, [admitted]);
      await stores.age(room, left, 3 * 3_600_000);
      await store.admit(room, PLENTY);
      expect(shortly(await store.poll(room, [left]))).to.deep.equal(["none"]);
      expect(await stores.sizes(room)).to.include({ places: 2 });
    });
  });
});
