import type { Redis } from "ioredis";
import Redlock, { ExecutionError, type Lock, ResourceLockedError } from "redlock";
import type { EventLock, Lease, LeaseAnswer } from "../app/event-lock.ts";
import type { Breaker } from "./breaker.ts";
import { LuaScript } from "./lua-script.ts";

const NEXT_TOKEN = new LuaScript("next-token.lua");

/** How long a token is remembered, in milliseconds: longer than any sale sleeps. */
const TOKEN_TTL_MS = 7 * 24 * 60 * 60 * 1000;

/** How long a lock counts as wanted, in milliseconds: who waits asks more often than that. */
const WANTED_TTL_MS = 100;

/**
 * One Redlock an event, over one or several independent Redis nodes.
 *
 * The library tries once (`retryCount: 0`): its own retries count the time spent waiting as time
 * already held, so a lock that was hard to get would be lost at once. The combiner asks again.
 */
export class RedlockEventLock implements EventLock {
  readonly #redlock: Redlock;
  readonly #tokens: Redis;
  readonly #breaker: Breaker;
  readonly #ttlMs: number;

  constructor(options: {
    /** The nodes that vote. */
    nodes: readonly Redis[];
    /** The node that counts fencing tokens. */
    tokens: Redis;
    breaker: Breaker;
    ttlMs: number;
  }) {
    this.#redlock = new Redlock([...options.nodes], {
      retryCount: 0,
      retryDelay: 0,
      retryJitter: 0,
      driftFactor: 0.01,
    });
    // Failures are dealt with where they happen; an event nobody listens to would be thrown.
    this.#redlock.on("error", () => undefined);
    this.#tokens = options.tokens;
    this.#breaker = options.breaker;
    this.#ttlMs = options.ttlMs;
  }

  async acquire(eventId: string, floor: number): Promise<LeaseAnswer> {
    if (this.#breaker.isOpen) {
      return "down";
    }
    let lock: Lock;
    try {
      lock = await this.#redlock.acquire([`lock:{${eventId}}`], this.#ttlMs);
    } catch (reason) {
      if (await isLocked(reason)) {
        // What is lost of this is said again with the next ask.
        void this.#tokens.set(wantedKey(eventId), 1, "PX", WANTED_TTL_MS).catch(() => undefined);
        return "busy";
      }
      this.#breaker.trip();
      return "down";
    }
    try {
      const keys = [fenceKey(eventId)];
      const token = await NEXT_TOKEN.run(this.#tokens, keys, [floor, TOKEN_TTL_MS]);
      return this.#lease(eventId, lock, Number(token));
    } catch {
      this.#breaker.trip();
      void lock.release().catch(() => undefined);
      return "down";
    }
  }

  async lastToken(eventId: string): Promise<number | undefined> {
    if (this.#breaker.isOpen) {
      return undefined;
    }
    try {
      const token = await this.#tokens.get(fenceKey(eventId));
      return token === null ? undefined : Number(token);
    } catch {
      this.#breaker.trip();
      return undefined;
    }
  }

  #lease(eventId: string, first: Lock, token: number): Lease {
    let lock = first;
    return {
      token,
      keep: async () => {
        const leftMs = lock.expiration - Date.now();
        if (leftMs > this.#ttlMs / 2) {
          return true;
        }
        try {
          lock = await lock.extend(this.#ttlMs);
          return true;
        } catch {
          return false;
        }
      },
      isWanted: async () => {
        if (this.#breaker.isOpen) {
          return false;
        }
        try {
          return (await this.#tokens.exists(wantedKey(eventId))) > 0;
        } catch {
          this.#breaker.trip();
          return false;
        }
      },
      release: () =>
        lock.release().then(
          () => undefined,
          () => undefined,
        ),
    };
  }
}

function fenceKey(eventId: string): string {
  return `fence:{${eventId}}`;
}

function wantedKey(eventId: string): string {
  return `wanted:{${eventId}}`;
}

/** True when a majority answered, and somebody else holds the lock. */
async function isLocked(reason: unknown): Promise<boolean> {
  if (!(reason instanceof ExecutionError)) {
    return false;
  }
  const attempts = await Promise.all(reason.attempts);
  return attempts.some(({ votesAgainst, quorumSize, membershipSize }) => {
    const locked = [...votesAgainst.values()].filter((no) => no instanceof ResourceLockedError);
    // Even one "locked" forbids the lock when the others cannot make a majority without it.
    return locked.length > 0 && membershipSize - (votesAgainst.size - locked.length) >= quorumSize;
  });
}
