import type { Logger } from "@tessera/service-kit/logger";
import { reconnectWhenSilent } from "@tessera/service-kit/redis-heartbeat";
import type { Repeated } from "@tessera/service-kit/repeat";
import { Redis } from "ioredis";
import { Gauge, type Registry } from "prom-client";

/** No request waits longer for a shared count than this. */
const COMMAND_TIMEOUT_MS = 100;

/** Seconds without an answer after which Redis counts as away: to connect may take one. */
const AWAY_BEATS = 2;

/** A connection for rate limits, whose commands fail at once or soon while Redis is away. */
export function connectRedis(url: string): Redis {
  const redis = new Redis(url, {
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: 1_000,
    enableOfflineQueue: false,
    // Its own command would time out on a busy machine, and every command tells by itself.
    enableReadyCheck: false,
    // ioredis #2099: its answer may come when the connection is gone, and then the next one is
    // taken for ready before it is made, and never made.
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempts) => Math.min(attempts * 100, 2_000),
    // After a failover the name leads to another server, and this one only reads.
    reconnectOnError: ({ message }) => message.includes("READONLY"),
  });
  // Without a listener ioredis writes each failed attempt to the console.
  redis.on("error", () => undefined);
  return redis;
}

/** Keeps the connection alive; says once when Redis is away, and once when it is back. */
export function watchRedis(
  redis: Redis,
  { logger, registry }: { logger: Logger; registry: Registry },
): Repeated {
  const away = new Gauge({
    name: "tessera_redis_away",
    help: "1 while Redis is away and each replica limits sign-ins for itself.",
    registers: [registry],
  });
  let err: unknown;
  redis.on("error", (reason) => {
    err = reason;
  });
  // What was wrong before is not what is wrong the next time.
  redis.on("ready", () => {
    err = undefined;
  });
  let silentBeats = 0;
  return reconnectWhenSilent(redis, (isAlive) => {
    const wasAway = silentBeats >= AWAY_BEATS;
    silentBeats = isAlive ? 0 : silentBeats + 1;
    const isAway = silentBeats >= AWAY_BEATS;
    away.set(isAway ? 1 : 0);
    if (isAway && !wasAway) {
      logger.warn({ err }, "redis is away; each replica limits for itself");
    } else if (wasAway && !isAway) {
      logger.info("redis is back");
    }
  });
}
