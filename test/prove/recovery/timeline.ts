import type { Operation } from "../history.ts";
import { isAnswered } from "./failures.ts";

/** What ended in one stretch of time. */
export interface Bucket {
  /** When it begins, in milliseconds since the history did. */
  atMs: number;
  /** Answers that were no failure: it was done, it was refused, or it is being done. */
  answered: number;
  /** Units that somebody got: successful reservations. */
  reserved: number;
  /** No answer, 5xx, 429 or 401. */
  failed: number;
}

/** Everything that ended, in stretches of `bucketMs`; the first begins with the history. */
export function timeline(operations: readonly Operation[], bucketMs: number): Bucket[] {
  const lastMs = Math.max(0, ...operations.map(({ endMs }) => endMs ?? 0));
  const buckets = Array.from({ length: Math.floor(lastMs / bucketMs) + 1 }, (_unused, index) => ({
    atMs: index * bucketMs,
    answered: 0,
    reserved: 0,
    failed: 0,
  }));
  for (const operation of operations) {
    const bucket = buckets[Math.floor((operation.endMs ?? -1) / bucketMs)];
    if (bucket !== undefined) {
      bucket.answered += isAnswered(operation) ? 1 : 0;
      bucket.reserved += isReserved(operation) ? 1 : 0;
      bucket.failed += isAnswered(operation) ? 0 : 1;
    }
  }
  return buckets;
}

/** True when somebody was told that units are his. */
export function isReserved({ wish, outcome, endMs }: Operation): boolean {
  return wish.kind === "reserve" && endMs !== undefined && outcome === "ok";
}
