import type { Logger } from "@tessera/service-kit/logger";
import { Redis } from "ioredis";

/** No request waits longer for a shared count than this. */
const COMMAND_TIMEOUT_MS = 100;

/** A connection for rate limits, whose commands fail at once or soon while Redis is away. */
export function connectRedis(url: string, logger: Logger): Redis {
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
  let isAway = false;
  redis.on("ready", () => {
    isAway = false;
  });
  redis.on("error", (err) => {
    // Once for each absence, not for each attempt.
    if (!isAway) {
      isAway = true;
      logger.warn({ err }, "redis is away; each replica limits for itself");
    }
  });
  return redis;
}
