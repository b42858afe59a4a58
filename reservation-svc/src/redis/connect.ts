import { Redis } from "ioredis";

/**
 * A connection for the request path: commands fail at once while it is down, and after
 * `timeoutMs` when Redis does not answer. It reconnects by itself, within half a second.
 */
export function connectRedis(url: string, options: { timeoutMs: number }): Redis {
  const redis = new Redis(url, {
    commandTimeout: options.timeoutMs,
    connectTimeout: 1_000,
    enableOfflineQueue: false,
    // Its own command would time out on a busy machine, and every command tells by itself.
    enableReadyCheck: false,
    enableAutoPipelining: false,
    // It would do so by itself and leave the failure to nobody, which ends the process: a proxy
    // lets callers in even while Redis is away.
    autoResubscribe: false,
    // ioredis #2099: its answer may come when the connection is gone, and then the next one is
    // taken for ready before it is made, and never made.
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * attempt, 500),
    // After a failover the name leads to another server, and this one only reads.
    reconnectOnError: ({ message }) => message.includes("READONLY"),
  });
  // Every command's own promise tells of failures; this event would end the process.
  redis.on("error", () => undefined);
  return redis;
}
