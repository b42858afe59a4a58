import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { Exchange } from "./exchange.ts";
import { Limit, type LimitOptions, type Standing } from "./rate-limit.ts";

/** How often what may happen, and who counts. */
export interface WindowLimitOptions extends LimitOptions {
  /** Where replicas share their counts; without it, each counts alone. */
  redis?: Redis;
}

/**
 * A limit that replicas share, counted anew for each window of time.
 *
 * While Redis is away every replica counts for itself: a limit may then let through more, but it
 * neither fails a request nor keeps it waiting longer than the Redis client's command timeout.
 */
export class WindowLimit extends Limit {
  readonly #limiter: RateLimiterMemory | RateLimiterRedis;
  readonly #windowMs: number;

  constructor({ redis, ...options }: WindowLimitOptions) {
    super(options);
    const { name, quota, windowSeconds } = options;
    this.#windowMs = windowSeconds * 1000;
    const settings = { points: quota, duration: windowSeconds, keyPrefix: `tessera:limit:${name}` };
    const memory = new RateLimiterMemory(settings);
    this.#limiter =
      redis === undefined
        ? memory
        : new RateLimiterRedis({
            ...settings,
            storeClient: redis,
            rejectIfRedisNotReady: true,
            insuranceLimiter: memory,
          });
  }

  /** Takes one back, and says so in the answer. */
  async giveBack(key: string, { headers }: Pick<Exchange, "headers">): Promise<void> {
    const { remainingPoints, msBeforeNext } = await this.#limiter.reward(key);
    const place = headers.findIndex((value) => value.startsWith(`"${this.name}";r=`));
    headers[place] = this.told({ left: remainingPoints, wholeMs: msBeforeNext });
  }

  protected async count(key: string): Promise<Standing> {
    const standing = await this.#count(key);
    if (standing.wholeMs <= this.#windowMs) {
      return standing;
    }
    // Redis's clock has stepped back, as after a failover: the window would end an hour late.
    await this.#limiter.delete(key);
    return await this.#count(key);
  }

  async #count(key: string): Promise<Standing> {
    try {
      const { remainingPoints, msBeforeNext } = await this.#limiter.consume(key);
      return { isGranted: true, left: remainingPoints, nextMs: 0, wholeMs: msBeforeNext };
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) {
        throw refusal;
      }
      const { msBeforeNext } = refusal;
      return { isGranted: false, left: 0, nextMs: msBeforeNext, wholeMs: msBeforeNext };
    }
  }
}
