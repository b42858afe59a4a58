import { hash } from "node:crypto";
import { type Clock, systemClock } from "@tessera/service-kit/clock";
import { ServiceError } from "@tessera/service-kit/service-error";
import { isUuid } from "@tessera/service-kit/uuid";
import { errors, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import type { SigningKeys } from "./signing-keys.ts";

/** Who calls, as a verified access token says. */
export interface Caller {
  /** A UUID. */
  userId: string;
  /** The session that the token belongs to, a UUID. */
  sessionId: string;
  role: "customer" | "organiser";
  /** When the token expires, in milliseconds since 1970. */
  expireMs: number;
  /** Which key the token is signed with. */
  keyId: string;
}

/** How tokens are verified. */
export interface AccessTokensOptions {
  keys: SigningKeys;
  /** How many verified tokens are remembered. Defaults to 25,000, about 9 MB. */
  maxRemembered?: number;
  clock?: Clock;
}

/** Longer ones are not ours. */
const MAX_TOKEN_LENGTH = 4_096;

/**
 * Verifies access tokens, and remembers those that it verified until they expire. It keeps their
 * digests: a tenth of the tokens' size, found as quickly, and of no use to whoever reads them.
 */
export class AccessTokens {
  readonly #clock: Clock;
  readonly #getKey: JWTVerifyGetKey;
  readonly #verifying = new Map<string, Promise<Caller>>();
  readonly #verified: LRUCache<string, Caller>;
  readonly #keys: SigningKeys;

  constructor({ keys, maxRemembered = 25_000, clock = systemClock }: AccessTokensOptions) {
    this.#clock = clock;
    this.#keys = keys;
    this.#verified = new LRUCache({ max: maxRemembered });
    this.#getKey = async ({ kid }) => {
      const key = kid === undefined ? undefined : await keys.find(kid);
      if (key === undefined) {
        throw rejected("the access token is signed with an unknown key");
      }
      return key;
    };
  }

  /** How many tokens are remembered. */
  get size(): number {
    return this.#verified.size;
  }

  /**
   * Who holds a token that was verified before, has not expired, and whose key is still listed;
   * undefined for any other.
   */
  recall(token: string): Caller | undefined {
    const caller = this.#verified.get(digestOf(token));
    const isGood =
      caller !== undefined &&
      this.#clock().getTime() < caller.expireMs &&
      this.#keys.has(caller.keyId);
    return isGood ? caller : undefined;
  }

  /**
   * Who holds the token. Throws UNAUTHENTICATED, or DEPENDENCY_UNAVAILABLE without any keys.
   *
   * However many requests bring a new token at once, its signature is checked once.
   */
  verify(token: string): Promise<Caller> {
    let verifying = this.#verifying.get(token);
    if (verifying === undefined) {
      verifying = this.#verify(token).finally(() => this.#verifying.delete(token));
      this.#verifying.set(token, verifying);
    }
    return verifying;
  }

  async #verify(token: string): Promise<Caller> {
    if (token.length > MAX_TOKEN_LENGTH) {
      throw rejected("the access token is too long");
    }
    const { payload, protectedHeader } = await this.#read(token);
    const { sub, sid, role, exp } = payload;
    const { kid: keyId } = protectedHeader;
    const isWhole =
      isUuidClaim(sub) && isUuidClaim(sid) && exp !== undefined && keyId !== undefined;
    if (!isWhole || (role !== "customer" && role !== "organiser")) {
      throw rejected("the access token lacks a claim");
    }
    const caller = { userId: sub, sessionId: sid, role, expireMs: exp * 1000, keyId } as const;
    this.#verified.set(digestOf(token), caller);
    return caller;
  }

  async #read(token: string): Promise<JWTVerifyResult> {
    try {
      return await jwtVerify(token, this.#getKey, {
        // One algorithm: a token never chooses how it is checked.
        algorithms: ["EdDSA"],
        issuer: "tessera",
        audience: "tessera",
        requiredClaims: ["sub", "sid", "role", "exp"],
        currentDate: this.#clock(),
      });
    } catch (reason) {
      if (reason instanceof errors.JWTExpired) {
        throw rejected("the access token has expired", reason);
      }
      if (reason instanceof errors.JOSEError) {
        throw rejected("the access token is not valid", reason);
      }
      throw reason;
    }
  }
}

function isUuidClaim(claim: unknown): claim is string {
  return typeof claim === "string" && isUuid(claim);
}

function rejected(message: string, cause?: unknown): ServiceError {
  return new ServiceError("UNAUTHENTICATED", message, { cause });
}

function digestOf(token: string): string {
  return hash("sha256", token, "base64url");
}
