import { hash } from "node:crypto";
import { isIPv6 } from "node:net";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { RequestHandler } from "express";
import type { Counter } from "prom-client";
import { type Exchange, exchangeOf } from "./exchange.ts";

/** How often what may happen. */
export interface LimitOptions {
  /** Stands in headers, metrics and Redis keys. */
  name: string;
  /** How often within `windowSeconds`. */
  quota: number;
  windowSeconds: number;
  /** Counts refusals, by limit. */
  refusals: Counter<"limit">;
}

/** How a key stands with a limit once it has asked for one more. */
export interface Standing {
  isGranted: boolean;
  /** How many may follow at once. */
  left: number;
  /** How long until one that was refused would be granted. */
  nextMs: number;
  /** How long until the quota is whole again. */
  wholeMs: number;
}

/** A limit on how often each key may do something. */
export abstract class Limit {
  readonly name: string;
  readonly #quota: number;
  readonly #policy: string;
  readonly #refusals: Counter<"limit">;

  constructor({ name, quota, windowSeconds, refusals }: LimitOptions) {
    this.name = name;
    this.#quota = quota;
    this.#policy = `"${name}";q=${quota};w=${Math.ceil(windowSeconds)}`;
    this.#refusals = refusals;
  }

  /** Counts one for `key`, unless it is refused. */
  protected abstract count(key: string): Standing | Promise<Standing>;

  /** Counts one for `key`, and says in the answer how many are left. Throws RATE_LIMITED. */
  async take(key: string, { headers }: Pick<Exchange, "headers">): Promise<void> {
    const standing = await this.count(key);
    // draft-ietf-httpapi-ratelimit-headers: structured fields.
    headers.push("RateLimit-Policy", this.#policy);
    headers.push("RateLimit", this.told(standing));
    if (!standing.isGranted) {
      this.#refusals.inc({ limit: this.name });
      throw this.#refusal(standing.nextMs);
    }
  }

  #refusal(nextMs: number): ServiceError {
    const retryAfterSeconds = String(secondsOf(nextMs));
    const message = `more than ${this.#quota} ${this.name} requests; try again in ${retryAfterSeconds} s`;
    return new ServiceError("RATE_LIMITED", message, { metadata: { retryAfterSeconds } });
  }

  /** What the answer says of it. */
  protected told({ left, wholeMs }: Pick<Standing, "left" | "wholeMs">): string {
    return `"${this.name}";r=${left};t=${secondsOf(wholeMs)}`;
  }
}

/** Limits what one network address may do. */
export function limitByAddress(limit: Limit): RequestHandler {
  return async (request, response, next) => {
    await limit.take(addressKey(request.ip ?? ""), exchangeOf(response));
    next();
  };
}

/** Limits what one user may do. Comes after `authenticate`. */
export function limitByUser(limit: Limit): RequestHandler {
  return async (_request, response, next) => {
    const exchange = exchangeOf(response);
    await limit.take(exchange.caller.userId, exchange);
    next();
  };
}

/**
 * An account's key: who reads Redis need not learn addresses.
 *
 * Whatever user-svc takes for one address has one key, or each way of writing it would have guesses
 * of its own: case (of the Greek sigma, too, which has two small letters), how accents are composed,
 * and spaces at the end, which MySQL does not see.
 */
export function accountKey(email: string): string {
  const written = email.trim().replaceAll(/[σς]/g, "Σ");
  const unique = written.normalize("NFC").toLowerCase().normalize("NFC");
  return hash("sha256", unique, "base64url");
}

/** An address as some proxies write it, with the port that it came from: `a.b.c.d:1`, `[a::b]:1`. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/;

/**
 * One household has a whole IPv6 /64 to itself; its addresses count as one. Ports do not count: each
 * connection comes from another.
 */
export function addressKey(address: string): string {
  const written = address.slice(0, 64);
  const [, bracketed, plain] = WITH_PORT.exec(written) ?? [];
  const [withoutZone = ""] = (bracketed ?? plain ?? written).split("%", 1);
  if (!isIPv6(withoutZone)) {
    return withoutZone;
  }
  // URL writes every address in its one canonical form.
  const canonical = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1);
  if (canonical.startsWith("::ffff:")) {
    return canonical;
  }
  const [left = [], right = []] = canonical
    .split("::")
    .map((side) => side.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}

function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
