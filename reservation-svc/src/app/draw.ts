import { createHmac, hash } from "node:crypto";

/** How many bytes of a keyed hash make a draw number. */
export const DRAW_NUMBER_BYTES = 6;

/**
 * A person's number in the draw that was made with the seed: the first 48 bits of HMAC-SHA-256,
 * the seed being the key and the lower-case user id the message. Small numbers come first.
 */
export function drawNumberOf(seed: Buffer, userId: string): Buffer {
  return createHmac("sha256", seed).update(userId).digest().subarray(0, DRAW_NUMBER_BYTES);
}

/** What is published of the seed before the draw: its SHA-256, as lower-case hex. */
export function commitmentOf(seed: Buffer): string {
  return hash("sha256", seed, "hex");
}
