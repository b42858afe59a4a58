import type { KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import type { Role } from "../domain/user.ts";

/** Who signs a token. */
export interface Signer {
  keyId: string;
  privateKey: KeyObject;
}

/** What a token says. */
export interface AccessTokenClaims {
  /** `sub`, a UUID. */
  userId: string;
  /** `sid`, a UUID. */
  sessionId: string;
  role: Role;
  /** `iat`. */
  issueTime: Date;
  /** From `iat` to `exp`. */
  seconds: number;
}

/** `iss` and `aud` of every token. */
const ISSUER = "tessera";

/** Signs an access token: a JWT, EdDSA over Ed25519. */
export function signAccessToken(signer: Signer, claims: AccessTokenClaims): Promise<string> {
  const issuedAt = Math.floor(claims.issueTime.getTime() / 1000);
  return new SignJWT({ sid: claims.sessionId, role: claims.role })
    .setProtectedHeader({ alg: "EdDSA", kid: signer.keyId, typ: "JWT" })
    .setSubject(claims.userId)
    .setIssuer(ISSUER)
    .setAudience(ISSUER)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + claims.seconds)
    .sign(signer.privateKey);
}
