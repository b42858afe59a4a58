import type { Operation } from "../history.ts";

/** How often a violation is looked for again, at most, to make its history shorter. */
const TRIES = 200;

/**
 * Leaves out operations for as long as the rest still shows what is wrong: large parts first, then
 * smaller ones, down to single operations.
 *
 * Where the stores alone show it, all operations are kept: they tell how it came to be.
 */
export function shortest(
  operations: readonly Operation[],
  isShown: (some: readonly Operation[]) => boolean,
): readonly Operation[] {
  if (isShown([])) {
    return operations;
  }
  let left = operations;
  let tries = TRIES;
  for (let size = Math.ceil(left.length / 2); size >= 1 && tries > 0; size = nextOf(size)) {
    for (let first = 0; first < left.length && left.length > 1 && tries > 0; tries -= 1) {
      const rest = [...left.slice(0, first), ...left.slice(first + size)];
      if (isShown(rest)) {
        left = rest;
      } else {
        first += size;
      }
    }
  }
  return left;
}

function nextOf(size: number): number {
  return size === 1 ? 0 : Math.ceil(size / 2);
}
