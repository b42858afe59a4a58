import { setTimeout } from "node:timers/promises";
import { Redis } from "ioredis";
import { sumIn } from "../../watch.ts";
import { timelyMetricsOf } from "../recovery/timely-metrics.ts";
import type { Replica, World } from "../world/world.ts";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

/** `LOCK_TTL_MS`, of which reservation-svc has half left at least while it holds a lock. */
const LOCK_TTL_MS = 2_000;
/** How long a holder is looked for, in milliseconds. */
const SEARCH_MS = 6_000;
/** How long the locks may take to be listed, in milliseconds. */
const REDIS_TIMEOUT_MS = 1_000;

/** Who holds an event's lock is paused until long after somebody else got it, and then goes on. */
export const LOCK_HOLDER_PAUSED: Fault = {
  name: "lock-holder-paused",
  title: "The holder of a lock is paused beyond the lock's time",
  part: "reservation-svc",
  lastsMs: [LOCK_TTL_MS, 2 * LOCK_TTL_MS],
  mayCut: false,
  begin: async (world, random) => {
    const replicas = random.shuffled(world.replicas("reservation-svc"));
    let isFound = false;
    let paused = replicas[0];
    const broken = await breaking(
      "the lock's holder is being looked for",
      async () => {
        const holder = await pausedHolder(world, replicas);
        isFound = holder !== undefined;
        paused = holder ?? paused;
        // Nobody held a lock for all that time: one of them is paused all the same.
        await paused?.process.pause();
      },
      async () => paused?.process.signal("SIGCONT"),
    );
    return { ...broken, what: `${paused?.name} paused${isFound ? ", holding a lock" : ""}` };
  },
};

/** Pauses one after the other until a lock stays that nobody extends: its holder is that one. */
async function pausedHolder(
  world: World,
  replicas: readonly Replica[],
): Promise<Replica | undefined> {
  const redis = connected(world.lockNodes[0]?.url ?? world.redis.url);
  const giveUpTime = Date.now() + SEARCH_MS;
  try {
    while (Date.now() < giveUpTime) {
      for (const replica of replicas) {
        if (!(await holdsLock(replica))) {
          continue;
        }
        await replica.process.pause();
        if (await someLockDies(redis)) {
          return replica;
        }
        replica.process.signal("SIGCONT");
      }
      await setTimeout(1);
    }
    return undefined;
  } catch {
    // Another fault has taken Redis or the process away.
    return undefined;
  } finally {
    redis.disconnect();
    for (const { process } of replicas) {
      process.signal("SIGCONT");
    }
  }
}

/** It waits for each lock once, and holds it once: who has begun more than he ended has one now. */
async function holdsLock({ process }: Replica): Promise<boolean> {
  const metrics = await timelyMetricsOf(process);
  const [taken, ended] = ["wait", "hold"].map((what) =>
    sumIn(metrics, `tessera_lock_${what}_seconds_count`),
  );
  return (taken ?? 0) > (ended ?? 0);
}

/**
 * True when one of the locks that there are now gets older than any living holder lets it. It takes
 * half of a lock's time, and less when all of them are given back.
 */
async function someLockDies(redis: Redis): Promise<boolean> {
  const suspects = await locksIn(redis);
  const giveUpTime = Date.now() + LOCK_TTL_MS;
  while (suspects.size > 0 && Date.now() < giveUpTime) {
    for (const [key, value] of suspects) {
      const [owner, leftMs] = await Promise.all([redis.get(key), redis.pttl(key)]);
      if (owner !== value) {
        suspects.delete(key);
      } else if (leftMs < LOCK_TTL_MS / 2 - 150) {
        return true;
      }
    }
    await setTimeout(10);
  }
  return false;
}

async function locksIn(redis: Redis): Promise<Map<string, string | null>> {
  const keys = await redis.keys("lock:*");
  const values = await Promise.all(keys.map((key) => redis.get(key)));
  return new Map(keys.map((key, index) => [key, values[index] ?? null]));
}

function connected(url: string): Redis {
  const redis = new Redis(url, {
    commandTimeout: REDIS_TIMEOUT_MS,
    connectTimeout: REDIS_TIMEOUT_MS,
    maxRetriesPerRequest: 1,
  });
  // Every command tells by itself.
  redis.on("error", () => undefined);
  return redis;
}
