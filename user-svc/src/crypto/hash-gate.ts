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

/**
 * Bounds the hashing, so that a spike of sign-ins takes neither all of the processor nor all of
 * libuv's threads. Beyond the bounds callers get TOO_BUSY early.
 */
export class HashGate {
  readonly #options: HashGateOptions;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(options: HashGateOptions) {
    this.#options = options;
  }

  /** How many callers wait now. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** True when whoever comes now is served at once. */
  get isFree(): boolean {
    return this.#running < this.#options.concurrency;
  }

  /** Runs `work` when it is its turn; not at all once `signal` says that the caller has gone. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted === true) {
      throw cancelled();
    }
    if (this.isFree) {
      this.#running += 1;
    } else {
      // Whoever finishes hands its place over: `running` stays as it is.
      await this.#wait(signal);
    }
    try {
      return await work();
    } finally {
      this.#handOver();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#options.maxWaiting) {
      return Promise.reject(tooBusy());
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(admit);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      const admit = () => {
        leave();
        resolve();
      };
      const onAbort = () => {
        leave();
        reject(cancelled());
      };
      const timer = setTimeout(() => {
        leave();
        reject(tooBusy());
      }, this.#options.waitMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(admit);
    });
  }

  #handOver(): void {
    // A Set keeps the order of arrival.
    const next = this.#waiting.values().next().value;
    if (next === undefined) {
      this.#running -= 1;
    } else {
      next();
    }
  }
}
