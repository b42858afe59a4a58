import type { Lifecycle } from "@tessera/service-kit/lifecycle";
import { reconnectWhenSilent } from "@tessera/service-kit/redis-heartbeat";
import type { Redis } from "ioredis";
import { Breaker } from "./breaker.ts";
import { connectRedis } from "./connect.ts";

/** How often a store that is away is asked whether it is back, in milliseconds. */
const PROBE_EVERY_MS = 250;
/** How long the relay waits for a pipeline, in milliseconds: it is in no hurry. */
const RELAY_TIMEOUT_MS = 5_000;

/** The service's connections to Redis. */
export interface RedisConnections {
  main: Redis;
  nodes: readonly Redis[];
  subscriber: Redis;
  relay: Redis;
  breaker: Breaker;
  /** Of the waiting rooms, which do not need those that vote on locks. */
  rooms: { redis: Redis; breaker: Breaker };
}

/** Told when something is done without, and when it is used again. */
export interface RedisObserver {
  locks: (isOpen: boolean) => void;
  rooms: (isOpen: boolean) => void;
}

/** Opens the connections; Redis need not be there yet, nor ever. */
export function openRedis(
  config: {
    redisUrl: string;
    lockUrls: readonly string[];
    redisTimeoutMs: number;
    roomTimeoutMs: number;
  },
  lifecycle: Lifecycle,
  observer: RedisObserver,
): RedisConnections {
  const timeoutMs = config.redisTimeoutMs;
  const open = (url: string, ms: number) => {
    const redis = connectRedis(url, { timeoutMs: ms });
    lifecycle.onClose("redis", () => redis.disconnect());
    const heartbeat = reconnectWhenSilent(redis);
    lifecycle.onClose("heartbeat", () => void heartbeat.stop());
    return redis;
  };
  const main = open(config.redisUrl, timeoutMs);
  const nodes = config.lockUrls.map((url) =>
    url === config.redisUrl ? main : open(url, timeoutMs),
  );
  const subscriber = open(config.redisUrl, timeoutMs);
  const relay = open(config.redisUrl, RELAY_TIMEOUT_MS);
  const majority = Math.floor(nodes.length / 2) + 1;
  const breaker = new Breaker({
    probe: async () => {
      const answers = await Promise.allSettled([main, ...nodes].map((node) => node.ping()));
      const [first, ...votes] = answers.map(({ status }) => status === "fulfilled");
      if (first !== true || votes.filter(Boolean).length < majority) {
        throw new Error("Redis does not answer");
      }
    },
    probeEveryMs: PROBE_EVERY_MS,
    onChange: observer.locks,
  });
  lifecycle.onClose("breaker", () => breaker.close());
  const redis = open(config.redisUrl, config.roomTimeoutMs);
  const roomBreaker = new Breaker({
    probe: () => redis.ping(),
    probeEveryMs: PROBE_EVERY_MS,
    onChange: observer.rooms,
  });
  lifecycle.onClose("breaker of the rooms", () => roomBreaker.close());
  return { main, nodes, subscriber, relay, breaker, rooms: { redis, breaker: roomBreaker } };
}
