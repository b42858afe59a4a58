import { createHmac, hash, hkdfSync, randomBytes } from "node:crypto";
import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";

/** A refresh token, taken apart. */
export interface RefreshToken {
  /** A UUID. */
  sessionId: string;
  /** 32 bytes; known to the person only. */
  secret: Buffer;
}

/** 16 bytes, a dot, 32 bytes; base64url. */
const TOKEN = /^([\w-]{22})\.([\w-]{43})$/;

/** The secret of a session's first token. */
export function newSecret(): Buffer {
  return randomBytes(32);
}

/** The key of `nextSecret`, which follows from the server's. */
export function refreshKeyOf(keyEncryptionKey: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", keyEncryptionKey, "", "refresh", 32));
}

/**
 * The secret that follows: the same one, whenever the same request is delivered again, without
 * the server ever keeping it. Nobody computes it without the secret before and the server's key:
 * request ids may be guessed, and old tokens be found.
 */
export function nextSecret(key: Buffer, secret: Buffer, requestId: string): Buffer {
  return createHmac("sha256", key).update(secret).update(requestId).digest();
}

/** What is stored of a secret. It has 256 bits of entropy, so a plain hash is enough. */
export function secretHash(secret: Buffer): Buffer {
  return hash("sha256", secret, "buffer");
}

/** What is stored of a request id. */
export function requestKeyOf(requestId: string): Buffer {
  return hash("sha256", requestId, "buffer");
}

/** The text that a person holds. */
export function formatRefreshToken({ sessionId, secret }: RefreshToken): string {
  return `${uuidToBytes(sessionId).toString("base64url")}.${secret.toString("base64url")}`;
}

/** Takes a token apart; undefined for anything that `formatRefreshToken` never made. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, session, secret] = TOKEN.exec(text) ?? [];
  if (session === undefined || secret === undefined) {
    return undefined;
  }
  return {
    sessionId: uuidFromBytes(Buffer.from(session, "base64url")),
    secret: Buffer.from(secret, "base64url"),
  };
}
