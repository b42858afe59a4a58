/** What is kept for a time only. Reservations are not among it: their history stays. */
export interface Prunable {
  /**
   * Deletes up to `limit` request keys, and as many published outbox rows, that are older than
   * `days`. Resolves to how many went.
   */
  prune(days: number, limit: number): Promise<number>;
}

/** Rows that one round trip deletes at most, of each kind: few enough that nobody waits. */
const BATCH = 1_000;

/**
 * Forgets requests and published moves that are older than `days`, until few are left or `isStopped`:
 * what gets too old meanwhile waits for the next time. A request that is repeated after that long
 * counts as a new one.
 */
export async function prune(
  store: Prunable,
  days: number,
  isStopped: () => boolean,
): Promise<void> {
  while (!isStopped() && (await store.prune(days, BATCH)) >= BATCH) {
    // Again, while batches are full.
  }
}
