import { ServiceError } from "@tessera/service-kit/service-error";
import { cancelled, tooBusy } from "../domain/errors.ts";

/** How much hashing a process takes on. */
export interface HashGateOptions {
  /** How many hashes are computed at once. */
  concurrency: number;
  /** How many callers wait at most; one more is refused at once. */
  maxWaiting: number;
  /** How long a caller waits at most, in milliseconds. */
  waitMs: number;
}

/** For whom a hash is computed. */
export interface HashCaller {
  /** Where the request came from, of a network address; those that say nothing are one. */
  origin?: string | undefined;
  /** Says that the caller has gone. */
  signal?: AbortSignal | undefined;
}

interface Waiter {
  admit: () => void;
  refuse: () => void;
}

/**
 * Bounds the hashing, so that a spike of sign-ins takes neither all of the processor nor all of
 * libuv's threads. Beyond the bounds callers get TOO_BUSY early.
 *
 * Origins take turns, whoever came first: one that sends more than is hashed makes itself wait, and
 * nobody else. When no place is left, the longest line gives one up to a shorter one.
 *
 * Where work ends with an outage, that is what holds up the others: they are told of it instead.
 */
export class HashGate {
  readonly #options: HashGateOptions;
  /** By origin, the one whose turn it is first; none is empty. */
  readonly #lines = new Map<string, Set<Waiter>>();
  #depth = 0;
  #running = 0;
  /** What the last work failed with, if that was an outage; forgotten when nothing runs any more. */
  #outage: ServiceError | undefined;

  constructor(options: HashGateOptions) {
    this.#options = options;
  }

  /** How many callers wait now. */
  get depth(): number {
    return this.#depth;
  }

  /** True when whoever comes now is served at once. */
  get isFree(): boolean {
    return this.#running < this.#options.concurrency;
  }

  /** Runs `work` when it is its turn; not at all once the caller has gone. */
  async run<T>(work: () => Promise<T>, { origin = "", signal }: HashCaller = {}): Promise<T> {
    if (signal?.aborted === true) {
      throw cancelled();
    }
    if (this.isFree) {
      this.#running += 1;
    } else {
      // Whoever finishes hands its place over: `running` stays as it is.
      await this.#wait(origin, signal);
    }
    try {
      const result = await work();
      this.#outage = undefined;
      return result;
    } catch (reason) {
      this.#outage = isOutage(reason) ? reason : undefined;
      throw reason;
    } finally {
      this.#handOver();
    }
  }

  #wait(origin: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#depth >= this.#options.maxWaiting && !this.#makeRoom(origin)) {
      return Promise.reject(this.#refusal());
    }
    return new Promise((resolve, reject) => {
      const leave = (then: () => void) => () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#remove(origin, waiter);
        then();
      };
      const refuse = leave(() => reject(this.#refusal()));
      const onAbort = leave(() => reject(cancelled()));
      const waiter = { admit: leave(resolve), refuse };
      const timer = setTimeout(refuse, this.#options.waitMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#add(origin, waiter);
    });
  }

  #refusal(): ServiceError {
    return this.#outage ?? tooBusy();
  }

  /** Turns away who came last of the longest line, unless that of `origin` would be as long. */
  #makeRoom(origin: string): boolean {
    const own = this.#lines.get(origin)?.size ?? 0;
    let longest: ReadonlySet<Waiter> = new Set();
    for (const line of this.#lines.values()) {
      longest = line.size > longest.size ? line : longest;
    }
    if (longest.size <= own + 1) {
      return false;
    }
    [...longest].at(-1)?.refuse();
    return true;
  }

  #add(origin: string, waiter: Waiter): void {
    const line = this.#lines.get(origin) ?? new Set();
    this.#lines.set(origin, line.add(waiter));
    this.#depth += 1;
  }

  #remove(origin: string, waiter: Waiter): void {
    const line = this.#lines.get(origin);
    line?.delete(waiter);
    this.#depth -= 1;
    if (line?.size === 0) {
      this.#lines.delete(origin);
    }
  }

  #handOver(): void {
    // Maps and Sets keep the order of arrival.
    const [turn] = this.#lines;
    if (turn === undefined) {
      this.#running -= 1;
      this.#outage = this.#running === 0 ? undefined : this.#outage;
      return;
    }
    const [origin, line] = turn;
    const [next] = line;
    next?.admit();
    if (this.#lines.delete(origin)) {
      this.#lines.set(origin, line);
    }
  }
}

function isOutage(reason: unknown): reason is ServiceError {
  return reason instanceof ServiceError && reason.reason === "DEPENDENCY_UNAVAILABLE";
}
