import type { Redis } from "ioredis";
import { Counter, type Registry } from "prom-client";
import type { LimitsConfig } from "../config.ts";
import { BucketLimit } from "./bucket-limit.ts";
import { WindowLimit } from "./window-limit.ts";

/** The limits of the public API. */
export type Limits = ReturnType<typeof createLimits>;

/** Makes the limits; without `redis` each process counts for itself. */
export function createLimits(settings: LimitsConfig, registry: Registry, redis?: Redis) {
  const refusals = new Counter({
    name: "tessera_rate_limited_total",
    help: "Requests refused by a rate limit.",
    labelNames: ["limit"],
    registers: [registry],
  });
  const shared = { refusals, ...(redis === undefined ? {} : { redis }) };
  const eachSecond = (name: string, quota: number) =>
    new WindowLimit({ ...shared, name, quota, windowSeconds: 1 });
  const bucket = (name: string, burst: number, perSecond: number) =>
    new BucketLimit({ refusals, name, burst, perSecond });
  return {
    signIn: eachSecond("sign-in", settings.signInPerSecond),
    refresh: eachSecond("refresh", settings.refreshPerSecond),
    signUp: eachSecond("sign-up", settings.signUpPerSecond),
    failedSignIn: new WindowLimit({
      ...shared,
      name: "failed-sign-in",
      quota: settings.failedSignInsPerMinute,
      windowSeconds: 60,
    }),
    // Local: the hot path has no round trip to spare.
    reserve: bucket("reserve", settings.reserveBurst, settings.reservePerSecond),
    user: bucket("user", settings.userBurst, settings.userPerSecond),
    // Local as well: the loop of one client gone wild hurts nobody else.
    queue: bucket("queue", settings.queueBurst, settings.queuePerSecond),
  };
}
