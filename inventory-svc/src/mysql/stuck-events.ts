import { setTimeout } from "node:timers/promises";
import { dependencyUnavailable, ServiceError } from "@tessera/service-kit/service-error";
import { callerGone } from "../domain/errors.ts";

/** How an event is to be settled whose lock somebody else may keep. */
export interface Attempt {
  /** False when the lock is asked for without waiting for it. */
  isWaiting: boolean;
}

/** What is known of one event's lock. */
interface Lock {
  /** Stuck when it was waited for in vain; suspected when it, or one beside it, was. */
  state?: "suspected" | "stuck";
  /** performance.now() from which it is waited for again. */
  waitTime: number;
  /** True while an attempt waits for it. */
  isWaitedFor: boolean;
  /** The attempt that is under way: whether somebody was found to keep the lock. Never rejects. */
  trying?: Promise<boolean> | undefined;
}

/** Events that are kept in mind at most; of the one that was first, nothing is known then. */
const EVENTS_MAX = 1_000;
/** How long after waiting in vain a lock is only asked for, in milliseconds. */
const WAIT_EVERY_MS = 1_000;
/** How long a suspected lock is asked for again and again, in milliseconds. */
const SUSPECT_MS = 1_000;
/** Between two of these questions at first, doubled each time, and at most, in milliseconds. */
const ASK_AGAIN_MS = { first: 25, most: 200 };

/**
 * Events whose lock somebody may keep: a replica that was frozen, an operator's session.
 *
 * One attempt is under way for each, so that all that is wanted of a stuck event takes one
 * connection. Whoever comes meanwhile shares the attempt's fate, unless that says nothing of the lock,
 * or is refused at once while it waits for a lock that was waited for in vain before.
 */
export class StuckEvents {
  readonly #isLockTimeout: (reason: unknown) => boolean;
  readonly #locks = new Map<string, Lock>();

  constructor(isLockTimeout: (reason: unknown) => boolean) {
    this.#isLockTimeout = isLockTimeout;
  }

  /** True when the event's lock may have been waited for in vain, and nobody got it since. */
  has(eventId: string): boolean {
    return this.#locks.get(eventId)?.state !== undefined;
  }

  /** The event's lock was waited for in vain. */
  add(eventId: string): void {
    markStuck(this.#lockOf(eventId));
  }

  /**
   * One of these events' locks was waited for in vain, and nobody knows which: each is asked for
   * without waiting, so that those which are free are not kept by the others; again and again, since
   * one that sells has its lock taken every other moment.
   */
  suspect(eventIds: readonly string[]): void {
    for (const lock of eventIds.map((eventId) => this.#lockOf(eventId))) {
      lock.state ??= "suspected";
    }
  }

  /**
   * Tries to settle the event, one at a time. Resolves to undefined when another attempt has got the
   * lock meanwhile: the event is as any other. Throws DEPENDENCY_UNAVAILABLE when it is stuck, and
   * CANCELLED to a caller who left before its turn came.
   */
  async attempt<T>(
    eventId: string,
    work: (how: Attempt) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    let lock = this.#lockOf(eventId);
    while (lock.trying !== undefined) {
      const isKept = (lock.state === "stuck" && lock.isWaitedFor) || (await lock.trying);
      if (!this.#locks.has(eventId)) {
        return undefined;
      }
      if (isKept) {
        throw dependencyUnavailable("the event's stock", new Error("others keep its lock"));
      }
      if (signal?.aborted === true) {
        throw callerGone();
      }
      lock = this.#lockOf(eventId);
    }
    const working = this.#try(lock, work);
    lock.trying = working.then(
      () => !this.#locks.delete(eventId),
      (reason: unknown) => this.#fail(eventId, lock, reason),
    );
    await lock.trying;
    return await working;
  }

  async #try<T>(lock: Lock, work: (how: Attempt) => Promise<T>): Promise<T> {
    if (lock.state === "suspected") {
      return await this.#askAgain(work);
    }
    if (lock.state === "stuck") {
      try {
        return await work({ isWaiting: false });
      } catch (reason) {
        if (!this.#isLockTimeout(reason) || performance.now() < lock.waitTime) {
          throw reason;
        }
      }
    }
    lock.isWaitedFor = true;
    return await work({ isWaiting: true });
  }

  async #askAgain<T>(work: (how: Attempt) => Promise<T>): Promise<T> {
    const giveUpTime = performance.now() + SUSPECT_MS;
    for (let pauseMs = ASK_AGAIN_MS.first; ; pauseMs = Math.min(2 * pauseMs, ASK_AGAIN_MS.most)) {
      try {
        return await work({ isWaiting: false });
      } catch (reason) {
        if (!this.#isLockTimeout(reason) || performance.now() > giveUpTime) {
          throw reason;
        }
      }
      await setTimeout(pauseMs);
    }
  }

  /**
   * Another failure says nothing of the lock: what was known of it holds. True unless it was one of
   * its caller alone, who left or had an old token: then it is the next one's turn.
   */
  #fail(eventId: string, lock: Lock, reason: unknown): boolean {
    if ((lock.isWaitedFor || lock.state === "suspected") && this.#isLockTimeout(reason)) {
      markStuck(lock);
    }
    lock.isWaitedFor = false;
    lock.trying = undefined;
    if (lock.state === undefined) {
      this.#locks.delete(eventId);
    }
    return !(reason instanceof ServiceError && reason.reason !== "DEPENDENCY_UNAVAILABLE");
  }

  #lockOf(eventId: string): Lock {
    let lock = this.#locks.get(eventId);
    if (lock === undefined) {
      lock = { waitTime: 0, isWaitedFor: false };
      this.#locks.set(eventId, lock);
      const [oldest] = this.#locks.keys();
      if (this.#locks.size > EVENTS_MAX && oldest !== undefined) {
        this.#locks.delete(oldest);
      }
    }
    return lock;
  }
}

function markStuck(lock: Lock): void {
  lock.state = "stuck";
  lock.waitTime = performance.now() + WAIT_EVERY_MS;
}
