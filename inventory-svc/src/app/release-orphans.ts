import { batchRelease } from "./batch-release.ts";
import type { BatchDeps } from "./by-event.ts";

/** Orphans released in one go: large enough to keep up, small enough that a sale does not notice. */
const BATCH = 500;

/**
 * Releases the allocations that lapsed more than `graceSeconds` ago, until none is left.
 *
 * Their owner releases them by itself; these are the ones whose owner died in between, or lost
 * them. Any number of replicas may sweep: each allocation is released once.
 */
export async function releaseOrphans(
  deps: BatchDeps,
  options: { graceSeconds: number; isStopped: () => boolean },
): Promise<void> {
  const { ledger, metrics } = deps;
  const { graceSeconds, isStopped } = options;
  let isMore = true;
  while (isMore && !isStopped()) {
    const found = await ledger.findOrphans({ graceSeconds, limit: BATCH });
    metrics.sweepLag(found.lagSeconds);
    if (found.orphans.length === 0) {
      return;
    }
    const { lapsedBefore, orphans } = found;
    const lapsed = orphans.map((orphan) => ({ ...orphan, isFinal: false }));
    const { releasedCount } = await batchRelease(deps, lapsed, { lapsedBefore, isPartial: true });
    metrics.orphansReleased(releasedCount);
    // When another replica was faster with all of them, or their events fail, the next round can wait.
    isMore = orphans.length === BATCH && releasedCount > 0;
  }
}
