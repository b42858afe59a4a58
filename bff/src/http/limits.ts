import type { Redis } from "ioredis";
import { Counter, type Registry } from "prom-client";
import { BucketLimit } from "./bucket-limit.ts";
import { WindowLimit } from "./window-limit.ts";

/** How often what may be asked for. */
export interface LimitSettings {
  /** Of one network address: offices share one. */
  signInPerSecond: number;
  /** Of one network address. */
  refreshPerSecond: number;
  /** Of one network address. */
  signUpPerSecond: number;
  /** Of one account, wherever they come from. */
  failedSignInsPerMinute: number;
  /** Of one user, in the long run. */
  reservePerSecond: number;
  /** Of one user, at once. */
  reserveBurst: number;
  /** Of one user, in the long run: whatever else needs a token. */
  userPerSecond: number;
  /** Of one user, at once. */
  userBurst: number;
  /** Of one user, in the long run: joining, polling, leaving. */
  queuePerSecond: number;
  /** Of one user, at once. */
  queueBurst: number;
}

/** The limits of the public API. */
export type Limits = ReturnType<typeof createLimits>;

/** Makes the limits; without `redis` each process counts for itself. */
export function createLimits(settings: LimitSettings, registry: Registry, redis?: Redis) {
  const refusals = new Counter({
    name: "tessera_rate_limited_total",
    help: "Requests refused by a rate limit.",
    labelNames: ["limit"],
    registers: [registry],
  });
  const shared = { refusals, ...(redis === undefined ? {} : { redis }) };
  const { signInPerSecond, refreshPerSecond, signUpPerSecond, failedSignInsPerMinute } = settings;
  const { reservePerSecond, reserveBurst, queuePerSecond, queueBurst } = settings;
  const { userPerSecond, userBurst } = settings;
  const eachSecond = (name: string, quota: number) =>
    new WindowLimit({ ...shared, name, quota, windowSeconds: 1 });
  const bucket = (name: string, burst: number, perSecond: number) =>
    new BucketLimit({ refusals, name, burst, perSecond });
  return {
    signIn: eachSecond("sign-in", signInPerSecond),
    refresh: eachSecond("refresh", refreshPerSecond),
    signUp: eachSecond("sign-up", signUpPerSecond),
    failedSignIn: new WindowLimit({
      ...shared,
      name: "failed-sign-in",
      quota: failedSignInsPerMinute,
      windowSeconds: 60,
    }),
    // Local: the hot path has no round trip to spare.
    reserve: bucket("reserve", reserveBurst, reservePerSecond),
    user: bucket("user", userBurst, userPerSecond),
    // Local as well: the loop of one client gone wild hurts nobody else.
    queue: bucket("queue", queueBurst, queuePerSecond),
  };
}
