import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";

const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Makes an Ed25519 pair; the private part leaves this function sealed. */
export function createSealedKey(
  keyId: string,
  sealingKey: Buffer,
): { publicKey: Buffer; sealedPrivateKey: Buffer } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  const clear = privateKey.export({ format: "der", type: "pkcs8" });
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, sealingKey, iv);
  // Bound to its id: a sealed key cannot be moved to another row.
  cipher.setAAD(Buffer.from(keyId));
  const sealed = Buffer.concat([cipher.update(clear), cipher.final()]);
  return {
    publicKey: Buffer.from(x, "base64url"),
    sealedPrivateKey: Buffer.concat([iv, cipher.getAuthTag(), sealed]),
  };
}

/** Opens a sealed private key. Throws when it was sealed with another key, or for another id. */
export function openSealedKey(keyId: string, sealed: Buffer, sealingKey: Buffer): KeyObject {
  const decipher = createDecipheriv(CIPHER, sealingKey, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(keyId));
  decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  try {
    const clear = Buffer.concat([
      decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)),
      decipher.final(),
    ]);
    return createPrivateKey({ key: clear, format: "der", type: "pkcs8" });
  } catch (cause) {
    throw new Error(`signing key ${keyId} was sealed with another KEY_ENCRYPTION_KEY`, { cause });
  }
}
