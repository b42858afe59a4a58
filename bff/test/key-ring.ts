import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";

/** What a test wants a token to say; sound unless told otherwise. */
export interface TokenOptions {
  userId?: string;
  sessionId?: string;
  role?: string;
  issuer?: string;
  audience?: string;
  /** Seconds from now. */
  expiresIn?: number;
}

/** A signing key as user-svc has it. */
export interface TestKey {
  keyId: string;
  /** As `ListSigningKeys` gives it. */
  publicKey: string;
  privateKey: CryptoKey;
}

/** Makes an Ed25519 key. */
export async function makeKey(keyId: string): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const { x } = await exportJWK(publicKey);
  return { keyId, publicKey: x ?? "", privateKey };
}

/** Signs an access token as user-svc does. */
export function signToken(key: TestKey, options: TokenOptions = {}): Promise<string> {
  const { userId = crypto.randomUUID(), sessionId = crypto.randomUUID() } = options;
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ sid: sessionId, role: options.role ?? "customer" })
    .setProtectedHeader({ alg: "EdDSA", kid: key.keyId })
    .setIssuer(options.issuer ?? "tessera")
    .setAudience(options.audience ?? "tessera")
    .setSubject(userId)
    .setIssuedAt(now)
    .setExpirationTime(now + (options.expiresIn ?? 900))
    .sign(key.privateKey);
}
