/** Thirty-two bits that follow from two whole numbers, and look like chance. */
export function mix(a: number, b: number): number {
  let bits = Math.imul(a ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(b + 0x7f4a_7c15, 0xc2b2_ae35);
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb_352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846c_a68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** What ids are of; no two kinds share an id. */
export const KINDS = { event: 1, ticketType: 2, reservation: 3, user: 4, other: 5 } as const;

/**
 * Writes the 16 bytes of a UUID (version 8) for the thing number `n` of a kind.
 *
 * It begins with the number, so that ids made one after the other lie side by side in an index:
 * tens of millions of random ones would be written to as many different pages.
 */
export function writeUuid(target: Uint8Array, seed: number, kind: number, n: number): void {
  const first = mix(seed + kind, n);
  const second = mix(first, kind);
  const third = mix(second, n);
  target[0] = 0;
  target[1] = 0;
  writeWord(target, 2, n);
  writeWord(target, 6, first);
  writeWord(target, 10, second);
  target[14] = third & 0xff;
  target[15] = (third >>> 8) & 0xff;
  target[6] = 0x80 | ((first >>> 24) & 0x0f);
  target[8] = 0x80 | ((first >>> 8) & 0x3f);
}

function writeWord(target: Uint8Array, at: number, word: number): void {
  target[at] = (word >>> 24) & 0xff;
  target[at + 1] = (word >>> 16) & 0xff;
  target[at + 2] = (word >>> 8) & 0xff;
  target[at + 3] = word & 0xff;
}
