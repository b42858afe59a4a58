import { Limit, type LimitOptions, type Standing } from "./rate-limit.ts";

/** How often what may happen, at once and in the long run. */
export interface BucketLimitOptions extends Pick<LimitOptions, "name" | "refusals"> {
  burst: number;
  perSecond: number;
  /** Time in milliseconds, from any beginning. Defaults to `performance.now`. */
  now?: () => number;
}

/**
 * A limit that is counted in this process, without a round trip: a token bucket for each key.
 *
 * It lets through `burst` at once, and never more than `burst` + `perSecond` * t within any time t.
 * Windows, which are all that rate-limiter-flexible has, let two bursts through where one of them
 * ends and the next begins.
 */
export class BucketLimit extends Limit {
  readonly #now: () => number;
  /** What one more takes, and a whole bucket. In whole microseconds, so that nothing is rounded. */
  readonly #one: number;
  readonly #whole: number;
  /** When each key's bucket will be whole again (GCRA). Who took last comes last. */
  readonly #wholeTimes = new Map<string, number>();

  constructor({
    name,
    refusals,
    burst,
    perSecond,
    now = () => performance.now(),
  }: BucketLimitOptions) {
    super({ name, refusals, quota: burst, windowSeconds: burst / perSecond });
    this.#now = now;
    this.#one = Math.ceil(1_000_000 / perSecond);
    this.#whole = burst * this.#one;
  }

  /** How many keys are remembered: no more than took something since a bucket takes to be whole. */
  get size(): number {
    return this.#wholeTimes.size;
  }

  protected count(key: string): Standing {
    const now = Math.floor(this.#now() * 1000);
    this.#forgetWhole(now);
    const missing = Math.max(0, (this.#wholeTimes.get(key) ?? now) - now);
    const taken = missing + this.#one;
    if (taken > this.#whole) {
      return standing(false, 0, taken - this.#whole, missing);
    }
    this.#wholeTimes.delete(key);
    this.#wholeTimes.set(key, now + taken);
    return standing(true, Math.floor((this.#whole - taken) / this.#one), 0, taken);
  }

  /** A whole bucket is like one that never was. */
  #forgetWhole(now: number): void {
    for (const [key, wholeTime] of this.#wholeTimes) {
      if (wholeTime > now) {
        return;
      }
      this.#wholeTimes.delete(key);
    }
  }
}

function standing(isGranted: boolean, left: number, next: number, whole: number): Standing {
  return { isGranted, left, nextMs: next / 1000, wholeMs: whole / 1000 };
}
