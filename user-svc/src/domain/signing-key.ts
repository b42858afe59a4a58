/** A key pair that signs access tokens; the private part is kept sealed. */
export interface SigningKey {
  /** 1 for the first key, then one more each. */
  sequence: number;
  /** The `kid` of its tokens. */
  keyId: string;
  /** 32 bytes. */
  publicKey: Buffer;
  sealedPrivateKey: Buffer;
  createTime: Date;
  /** It signs from now on, until its successor does. */
  signFrom: Date;
}

/** A public key as callers see it. */
export interface ListedKey {
  keyId: string;
  publicKey: Buffer;
  createTime: Date;
  /** When its last token has expired; undefined while it may still sign. */
  expireTime: Date | undefined;
}

/** How long a key is listed before it signs, so that every verifier has seen it. Milliseconds. */
export const PUBLISH_AHEAD_MS = 600_000;

/** Two replicas' clocks, and a list of keys read a minute ago, may differ by this. Milliseconds. */
export const KEY_GRACE_MS = 300_000;

/** The most keys that are listed. */
export const KEYS_MAX = 10;

/**
 * When the key that has to be made now shall begin to sign; undefined while none is due.
 *
 * `keys` are newest first. The very first key signs at once: nobody can know it before.
 */
export function nextSignFrom(
  keys: readonly SigningKey[],
  now: Date,
  rotationMs: number,
): Date | undefined {
  const newest = keys[0];
  if (newest === undefined) {
    return now;
  }
  const signFrom = new Date(now.getTime() + PUBLISH_AHEAD_MS);
  return signFrom.getTime() >= newest.signFrom.getTime() + rotationMs ? signFrom : undefined;
}

/** The key to sign with at `now`; `keys` are newest first. Undefined only when there is none. */
export function signerOf(keys: readonly SigningKey[], now: Date): SigningKey | undefined {
  // The first key's maker may have a clock that is ahead of this one.
  return keys.find(({ signFrom }) => signFrom <= now) ?? keys.at(-1);
}

/** The keys whose tokens may still be good at `now`, newest first. `keys` are newest first. */
export function listedKeys(
  keys: readonly SigningKey[],
  now: Date,
  accessTokenMs: number,
): ListedKey[] {
  return keys
    .map(({ keyId, publicKey, createTime }, index) => {
      const replacedTime = keys[index - 1]?.signFrom;
      const expireTime =
        replacedTime !== undefined && replacedTime <= now
          ? new Date(replacedTime.getTime() + accessTokenMs + KEY_GRACE_MS)
          : undefined;
      return { keyId, publicKey, createTime, expireTime };
    })
    .filter(({ expireTime }) => expireTime === undefined || now < expireTime)
    .slice(0, KEYS_MAX);
}
