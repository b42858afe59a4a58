import { createSecretKey, type KeyObject } from "node:crypto";
import { ServiceError } from "@tessera/service-kit/service-error";
import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose";

/** What a pass says. */
export interface PassClaims {
  /** `aud`: the event that it admits to, a UUID. */
  eventId: string;
  /** `sub`: the user whom it admits, a UUID. */
  userId: string;
  /** `jti`: names the admission; the same person's next one at the event has another. */
  serial: string;
  /** `exp`: until when it is good; a whole second. */
  expireTime: Date;
}

/** Whom a pass is shown for, and where. */
export type PassHolder = Pick<PassClaims, "eventId" | "userId">;

/** What passes are signed and verified with: the first key signs, all of them verify. */
export type PassKeys = readonly KeyObject[];

/** Longer ones are not ours; ours have about 300 characters. */
const PASS_LENGTH_MAX = 1_024;

/** The keys of the given secrets, of which there is one at least. */
export function passKeysOf(secrets: readonly string[]): PassKeys {
  return secrets.map((secret) => createSecretKey(secret, "utf8"));
}

/** Signs a pass: a JWT, HMAC-SHA-256. The same claims and keys always give the same pass. */
export function signPass(claims: PassClaims, [key]: PassKeys): Promise<string> {
  if (key === undefined) {
    throw new TypeError("there is no key to sign a pass with");
  }
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setAudience(claims.eventId)
    .setSubject(claims.userId)
    .setJti(claims.serial)
    .setExpirationTime(claims.expireTime)
    .sign(key);
}

/**
 * Reads a pass that its holder shows. Whether it is late, the waiting room says: its times are
 * those of Redis's clock, and another one may be wrong by hours.
 *
 * Throws PASS_INVALID when none of the keys signed it, or when it is another user's or another
 * event's.
 */
export async function verifyPass(
  pass: string,
  holder: PassHolder,
  keys: PassKeys,
): Promise<PassClaims> {
  if (pass.length > PASS_LENGTH_MAX) {
    throw invalid("the pass is too long");
  }
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(pass, key, {
        // One algorithm: a pass never chooses how it is checked.
        algorithms: ["HS256"],
        audience: holder.eventId,
        subject: holder.userId,
        requiredClaims: ["aud", "sub", "jti", "exp"],
        currentDate: new Date(0),
      });
      return claimsOf(payload, holder);
    } catch (reason) {
      // Signed with another of the keys, perhaps.
      if (!(reason instanceof errors.JWSSignatureVerificationFailed)) {
        throw refusal(reason);
      }
    }
  }
  throw invalid("the pass is not ours");
}

function claimsOf({ jti, exp }: JWTPayload, { eventId, userId }: PassHolder): PassClaims {
  if (jti === undefined || jti === "" || exp === undefined) {
    throw invalid("the pass lacks a claim");
  }
  return { eventId, userId, serial: jti, expireTime: new Date(exp * 1000) };
}

/** What the library found, in our words; bugs stay what they are. */
function refusal(reason: unknown): unknown {
  return reason instanceof errors.JOSEError ? invalid("the pass is not valid", reason) : reason;
}

function invalid(message: string, cause?: unknown): ServiceError {
  return new ServiceError("PASS_INVALID", message, { cause });
}
