import { randomUUID } from "node:crypto";
import { useOwnRedisCluster } from "@tessera/testkit/processes";
import { expect } from "chai";
import { Breaker } from "../src/redis/breaker.ts";
import { RedisEventStream, STREAM } from "../src/redis/redis-event-stream.ts";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import { RedlockEventLock } from "../src/redis/redlock-event-lock.ts";
import {
  ALL_GONE,
  admitAll,
  hoursFromNow,
  IN_STOCK,
  keyOf,
  openRoom,
  people,
  shortly,
  standings,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

describe("a Redis Cluster", () => {
  const drawn = { ...openRoom(), openTime: hoursFromNow(1) };
  const sold = openRoom();
  const eventId = randomUUID();
  const rooms = [drawn, sold].map((room) => keyOf(room, "line"));
  const locks = [`lock:{${eventId}}`, `fence:{${eventId}}`];
  const stores = useWaitingRoomStores(
    useOwnRedisCluster([...rooms, "tessera:rooms", ...locks, STREAM]),
  );
  let store: RedisWaitingRoomStore;
  before(async () => {
    store = await stores.newStore();
  });

  it("refuses a step over two rooms, and one that touches what it did not name", async () => {
    const [line = "", other = ""] = rooms;
    const answerOf = async (code: string, keys: readonly string[]) =>
      await stores
        .redis()
        .eval(code, keys.length, ...keys)
        .then(String, String);
    expect(await answerOf("return 1", [line])).to.equal("1");
    expect(await answerOf("return 1", [line, other])).to.contain("CROSSSLOT");
    // One of them might be in a slot that this node has; three are not.
    const strays = [openRoom(), openRoom(), openRoom()].map((room) => keyOf(room, "line"));
    const code = strays.map((key) => `redis.call("DEL", "${key}")`).join("\n");
    expect(await answerOf(code, [line])).to.contain("non local key");
  });

  it("holds a waiting room from the draw to the end", async () => {
    const room = drawn;
    const [one = "", two = ""] = people(2);
    await store.join(room, [one, two], IN_STOCK);
    expect(await store.drawNumber(room, one)).to.equal("early");
    expect(await store.draw(room)).to.include({ isDrawn: false });
    await store.leave(room, two);
    const open = { ...room, openTime: hoursFromNow(-1) };
    expect(await store.draw(open)).to.include({ isDrawn: true, entrants: 1 });
    expect(await store.drawNumber(open, one)).to.be.a("number");
    await admitAll(store, open);
    const [standing] = standings(await store.poll(open, [one]));
    const serial = standing?.state === "admitted" ? standing.serial : "";
    const claim = { userId: one, serial, reservationId: randomUUID() };
    expect((await store.claim(open, [claim]))[0]).to.have.property("claimTime");
    expect((await store.doubts(open, "0")).nextCursor).to.equal("0");
    await store.settle(open, [{ ...claim, units: 2 }]);
    expect(await store.claim(open, [{ ...claim, reservationId: randomUUID() }])).to.deep.equal([
      "used",
    ]);
    expect(await store.eventIds()).to.include(room.eventId);
    await store.dismiss(room.eventId);
    expect(await store.eventIds()).to.not.include(room.eventId);
  });

  it("tells everybody that all is gone", async () => {
    const room = sold;
    const ids = people(3);
    await store.join(room, ids, IN_STOCK);
    await store.admit(room, ALL_GONE);
    expect(shortly(await store.poll(room, ids))).to.deep.equal(["gone", "gone", "gone"]);
  });

  it("gives locks, with tokens that grow", async () => {
    const redis = stores.redis();
    const probe = { probe: () => redis.ping(), probeEveryMs: 1_000, onChange: () => undefined };
    const lock = new RedlockEventLock({
      ...{ nodes: [redis], tokens: redis, ttlMs: 5_000 },
      breaker: new Breaker(probe),
    });
    const tokens: number[] = [];
    for (let count = 0; count < 2; count += 1) {
      const lease = await lock.acquire(eventId, 0);
      if (typeof lease === "string") {
        throw new Error(`no lease: ${lease}`);
      }
      expect(await lock.acquire(eventId, 0)).to.equal("busy");
      tokens.push(lease.token);
      await lease.release();
    }
    expect(tokens[1]).to.be.greaterThan(tokens[0] ?? Number.POSITIVE_INFINITY);
  });

  it("takes moves for its stream", async () => {
    const stream = new RedisEventStream(stores.redis(), { maxLength: 10 });
    const row = { seq: 1, reservationId: randomUUID(), payload: "{}" };
    await stream.publish([row, { ...row, seq: 2 }]);
    expect(await stores.redis().xlen(STREAM)).to.equal(2);
  });
});
