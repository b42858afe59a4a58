import { randomBytes } from "node:crypto";
import { useMysql } from "@tessera/testkit/mysql";
import { expect } from "chai";
import { MysqlDrawSeedStore } from "../src/mysql/mysql-draw-seed-store.ts";
import { SCHEMA } from "../src/mysql/schema.ts";
import {
  hoursFromNow,
  IN_STOCK,
  inDrawOrder,
  keyOf,
  openRoom,
  PLENTY,
  people,
  shortly,
  useWaitingRoomStores,
} from "./use-waiting-room.ts";

/** Counts how often it is asked. */
class CountedSeeds extends MysqlDrawSeedStore {
  asked = 0;

  override keep(...args: Parameters<MysqlDrawSeedStore["keep"]>): Promise<Buffer> {
    this.asked += 1;
    return super.keep(...args);
  }
}

describe("the seed of a draw", () => {
  const schema = useMysql(SCHEMA);
  const stores = useWaitingRoomStores();
  /** One process's store, and how often it asked MySQL for a seed. */
  const newProcess = async () => {
    const seedStore = new CountedSeeds(schema.pool);
    const store = await stores.newStore({ seedStore });
    return { seedStore, store };
  };
  const earlyRoom = () => ({ ...openRoom(), openTime: hoursFromNow(0.5) });
  const waiting = (count: number) => Array.from({ length: count }, () => "waiting 0");

  it("outlives the waiting room, whichever process is asked first", async () => {
    const room = earlyRoom();
    const ids = people(3);
    const { store } = await newProcess();
    const before = await store.draw(room);
    await store.join(room, ids, IN_STOCK);
    for (const { store: asked } of [await newProcess(), { store }]) {
      await stores.redis().flushall();
      expect(await asked.draw(room)).to.deep.equal(before);
      await stores.redis().flushall();
      expect(shortly(await asked.join(room, ids, IN_STOCK))).to.deep.equal(waiting(3));
      expect(await asked.draw(room)).to.deep.equal(before);
    }
    await stores.redis().hdel(keyOf(room, "room"), "seed");
    expect(await store.draw(room)).to.deep.equal(before);
  });

  it("is one, however many processes make it at once", async () => {
    const room = earlyRoom();
    const processes = await Promise.all(Array.from({ length: 8 }, newProcess));
    const drawn = await Promise.all(
      processes.map(async ({ store }, index) => {
        await (index % 2 === 0 ? store.join(room, people(1), IN_STOCK) : undefined);
        return (await store.draw(room))?.seed.toString("hex");
      }),
    );
    expect(new Set(drawn).size).to.equal(1);
    expect(drawn[0]).to.match(/^[0-9a-f]{64}$/);
  });

  it("is asked for once by a process, and not at all by who polls or comes late", async () => {
    const room = earlyRoom();
    const ids = people(2);
    const [first, second] = [await newProcess(), await newProcess()];
    for (const { store, seedStore } of [first, second]) {
      for (const id of ids) {
        await store.join(room, [id], IN_STOCK);
        await store.poll(room, [id]);
      }
      await store.draw(room);
      expect(seedStore.asked).to.equal(1);
    }
    const late = await newProcess();
    const opened = { ...room, openTime: new Date() };
    await late.store.join(opened, people(1), IN_STOCK);
    await late.store.poll(opened, ids);
    await late.store.draw(opened);
    expect(late.seedStore.asked).to.equal(0);
  });

  it("costs a join no second command of Redis once it is known", async () => {
    const room = earlyRoom();
    const { store } = await newProcess();
    await store.join(room, people(1), IN_STOCK);
    await stores.redis().config("RESETSTAT");
    await store.join(room, people(1), IN_STOCK);
    const stats = await stores.redis().info("commandstats");
    expect(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]).to.equal("1");
  });

  it("is not what the line of an open sale waits for, while MySQL is away", async () => {
    const away = await stores.newStore({
      seedStore: {
        keep: () => Promise.reject(new Error("MySQL is away")),
        tell: () => Promise.reject(new Error("MySQL is away")),
      },
    });
    const room = earlyRoom();
    const { store } = await newProcess();
    await store.join(room, people(2), IN_STOCK);
    const { seed } = (await store.draw(room)) ?? {};
    const opened = { ...room, openTime: new Date() };
    await stores.redis().flushall();
    const ids = people(2);
    expect(shortly(await away.join(opened, ids, IN_STOCK))).to.deep.equal([
      "waiting 1",
      "waiting 2",
    ]);
    // Who polls is heard, or nobody would be let in.
    await stores.redis().hset(keyOf(room, "room"), "heard_time", Date.now() - 60_000);
    await away.poll(opened, ids);
    expect(await away.admit(opened, PLENTY)).to.include({ admitted: 2 });
    expect(await away.drawNumber(opened, ids[0] ?? "")).to.equal("late");
    const closed = { ...opened, closeTime: new Date() };
    expect(await store.draw(closed)).to.deep.include({ seed, isDrawn: true });
  });

  it("is another one when the room is lost after its draw and drawn anew", async () => {
    const room = earlyRoom();
    const opened = { ...room, openTime: new Date() };
    const ids = people(6);
    const { store } = await newProcess();
    const untold = (await store.draw(room))?.seed ?? Buffer.alloc(0);
    await stores.redis().flushall();
    await store.join(room, ids, IN_STOCK);
    expect(await store.draw(opened)).to.deep.include({ seed: untold, isDrawn: true });
    // Lost while it is open, it still has the one that was published.
    await stores.redis().flushall();
    const { store: other } = await newProcess();
    expect(await other.draw(opened)).to.deep.include({ seed: untold, isDrawn: true, entrants: 0 });
    // Lost, or forgotten a month after the sale, and on sale again; one process knows the old one.
    await stores.redis().flushall();
    await store.join(room, ids.slice(0, 3), IN_STOCK);
    await other.join(room, ids.slice(3), IN_STOCK);
    const { seed: second = Buffer.alloc(0) } = (await other.draw(room)) ?? {};
    expect(second).to.not.deep.equal(untold);
    const line = inDrawOrder(ids, second);
    expect(shortly(await store.poll(opened, line))).to.deep.equal(
      line.map((_id, index) => `waiting ${index + 1}`),
    );
    expect(await store.draw(opened)).to.deep.include({ seed: second, entrants: 6 });
    await stores.redis().flushall();
    const again = await Promise.all(
      (await Promise.all(Array.from({ length: 8 }, newProcess))).map(async (one) =>
        (await one.store.draw(room))?.seed.toString("hex"),
      ),
    );
    expect(new Set(again).size).to.equal(1);
    expect([untold.toString("hex"), second.toString("hex")]).to.not.include(again[0]);
  });

  it("stays the one that a room has from a replica of before, and is written down", async () => {
    const room = earlyRoom();
    const seed = randomBytes(32);
    await stores.redis().hset(keyOf(room, "room"), "seed", seed);
    const { store } = await newProcess();
    expect(await store.draw(room)).to.deep.include({ seed });
    await stores.redis().flushall();
    const { store: other } = await newProcess();
    expect(await other.draw(room)).to.deep.include({ seed });
  });
});
