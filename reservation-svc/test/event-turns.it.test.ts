import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { useOwnRedis } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { EventCombiner } from "../src/app/event-combiner.ts";
import type { EventLock } from "../src/app/event-lock.ts";
import { openRedis } from "../src/redis/open-redis.ts";
import { RedlockEventLock } from "../src/redis/redlock-event-lock.ts";
import { grant, soon, wish } from "./combiner-fakes.ts";

/** Nobody goes without the lock here: what is shared is shared by turns. */
const TIMES = { lockWaitMs: 60_000, lockTtlMs: 2_000, lockHoldMs: 50, lingerMs: 20 };
const OPTIONS = { maxBatch: 20, maxQueue: 100, ...TIMES };
const BUYERS = 50;
const ENOUGH = 4_000;

describe("Two replicas, each with a crowd for the same event", () => {
  const own = useOwnRedis();
  const lifecycle = new Lifecycle();
  after(() => lifecycle.close());

  function lockOf(ttlMs = TIMES.lockTtlMs): EventLock {
    const { url } = own.server;
    const settings = {
      redisUrl: url,
      lockUrls: [url],
      redisTimeoutMs: 1_000,
      roomTimeoutMs: 1_000,
    };
    const silent = { locks: () => undefined, rooms: () => undefined };
    const { main, nodes, breaker } = openRedis(settings, lifecycle, silent);
    return new RedlockEventLock({ nodes, tokens: main, breaker, ttlMs });
  }

  it("take turns", async () => {
    const [less, more] = await sell([lockOf(), lockOf()]);
    expect(less / more).to.be.greaterThan(0.4);
  });

  it("do not when who has the lock does not hear that another one waits", async () => {
    const [less, more] = await sell([deaf(lockOf()), deaf(lockOf())]);
    expect(less / more).to.be.lessThan(0.1);
  });

  it("wait once for a third one that died with the lock", async () => {
    const eventId = randomUUID();
    const [dead, living] = [lockOf(60_000), lockOf()];
    const answers = async (lock: EventLock) => (await lock.acquire(eventId, 0)) !== "down";
    await until("the one has the lock", () => answers(dead));
    await until("the other is connected", () => answers(living));
    const { lock, asks } = counted(living);
    const combiner = combinerOf(eventId, lock, { ...OPTIONS, lockWaitMs: 500, lockTtlMs: 60_000 });
    await combiner.submit(wish("1"), soon());
    const first = asks();
    expect(first).to.be.greaterThan(1);
    await combiner.submit(wish("2"), soon());
    await combiner.submit(wish("3"), soon());
    expect(asks()).to.equal(first + 2);
  });
});

/** Sells until enough is sold; resolves to what the replicas sold, the least first. */
async function sell(locks: readonly EventLock[]): Promise<[number, number]> {
  const eventId = randomUUID();
  const sold = locks.map(() => 0);
  const isEnough = () => sold.reduce((sum, one) => sum + one, 0) >= ENOUGH;
  await Promise.all(
    locks.map(async (lock, index) => {
      const combiner = combinerOf(eventId, lock);
      const buy = async () => {
        while (!isEnough()) {
          await combiner.submit(wish("1"), soon());
          sold[index] = (sold[index] ?? 0) + 1;
        }
      };
      await Promise.all(Array.from({ length: BUYERS }, buy));
    }),
  );
  const [less = 0, more = 0] = sold.toSorted((a, b) => a - b);
  return [less, more];
}

function combinerOf(eventId: string, lock: EventLock, options = OPTIONS): EventCombiner {
  return new EventCombiner(eventId, options, {
    lock,
    ledger: {
      allocate: async ({ wishes }) => {
        // As long as a transaction takes.
        await setTimeout(4);
        return { answers: wishes.map(grant), stock: undefined };
      },
    },
    onStock: () => undefined,
    observer: {
      batch: () => undefined,
      lockWait: () => undefined,
      lockHold: () => undefined,
      lockLost: () => undefined,
      lockBypassed: () => undefined,
    },
  });
}

/** A lock, and how often it was asked for. */
function counted(lock: EventLock): { lock: EventLock; asks: () => number } {
  let count = 0;
  const acquire: EventLock["acquire"] = (...asked) => {
    count += 1;
    return lock.acquire(...asked);
  };
  return { lock: { acquire, lastToken: (eventId) => lock.lastToken(eventId) }, asks: () => count };
}

function deaf(lock: EventLock): EventLock {
  return {
    lastToken: (eventId) => lock.lastToken(eventId),
    acquire: async (...asked) => {
      const answer = await lock.acquire(...asked);
      return typeof answer === "string" ? answer : { ...answer, isWanted: async () => false };
    },
  };
}
