import { createHmac, type KeyObject, sign } from "node:crypto";

/** A part of a JWT before it is encoded; a text is taken as it is. */
export type Part = Readonly<Record<string, unknown>> | string;

/** Makes the signature of what it is given. */
export type Signer = (input: Buffer) => Buffer;

/** Writes a JWT by hand: libraries refuse to make most of what a server must refuse. */
export function jwt(header: Part, payload: Part, signer: Signer): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${signer(Buffer.from(input)).toString("base64url")}`;
}

/** Signs as EdDSA tokens are. */
export const byKey =
  (key: KeyObject): Signer =>
  (input) =>
    sign(null, input, key);

/** Signs as HS256 tokens are; with other hashes, as their kin. */
export const bySecret =
  (secret: string | Buffer, hash = "sha256"): Signer =>
  (input) =>
    createHmac(hash, secret).update(input).digest();

/** Signs nothing. */
export const unsigned: Signer = () => Buffer.alloc(0);

/** What a token says, whoever signed it. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

/** Seconds since 1970, so many from now. */
export function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

function encoded(part: Part): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}
