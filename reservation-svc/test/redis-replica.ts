import type { Lifecycle } from "@tessera/service-kit/lifecycle";
import { until } from "@tessera/testkit/until";
import { AvailabilityCache } from "../src/app/availability-cache.ts";
import type { Lease, LeaseAnswer } from "../src/app/event-lock.ts";
import { AvailabilityNews } from "../src/redis/availability-news.ts";
import { openRedis, type RedisConnections } from "../src/redis/open-redis.ts";
import { RedlockEventLock } from "../src/redis/redlock-event-lock.ts";

/** How long a lock lasts unless it is kept, in milliseconds. */
export const LOCK_TTL_MS = 1_000;

/** One replica's connections, lock, cache and news. */
export interface Replica {
  redis: RedisConnections;
  lock: RedlockEventLock;
  cache: AvailabilityCache;
  news: AvailabilityNews;
  /** What the breaker did. */
  turns: boolean[];
}

/** Opens a replica over these nodes, of which the first one counts tokens; resolves when it is connected. */
export async function openReplica(urls: readonly string[], lifecycle: Lifecycle): Promise<Replica> {
  const turns: boolean[] = [];
  const timeouts = { redisTimeoutMs: 500, roomTimeoutMs: 1_000 };
  const redis = openRedis({ redisUrl: urls[0] ?? "", lockUrls: urls, ...timeouts }, lifecycle, {
    locks: (isOpen) => turns.push(isOpen),
    rooms: () => undefined,
  });
  const { main, nodes, subscriber, breaker } = redis;
  const lock = new RedlockEventLock({ nodes, tokens: main, breaker, ttlMs: LOCK_TTL_MS });
  const cache = new AvailabilityCache({ trustMs: 60_000, maxEvents: 100 });
  const news = new AvailabilityNews({ publisher: main, subscriber, cache });
  const isLive = Promise.withResolvers<void>();
  const setLive = cache.setLive.bind(cache);
  cache.setLive = (live) => {
    setLive(live);
    if (live) {
      isLive.resolve();
    }
  };
  news.listen();
  await isLive.promise;
  await until("all are connected", () =>
    [main, ...nodes].every(({ status }) => status === "ready"),
  );
  return { redis, lock, cache, news, turns };
}

/** The lease that was asked for; throws when there is none. */
export function leaseOf(answer: LeaseAnswer): Lease {
  if (typeof answer === "string") {
    throw new Error(`no lease: ${answer}`);
  }
  return answer;
}
