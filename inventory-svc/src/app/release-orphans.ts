import { releaseReachable } from "./batch-release.ts";
import type { BatchDeps } from "./by-event.ts";

/** Orphans released in one go: large enough to keep up, small enough that a sale does not notice. */
const BATCH = 500;
/** Events that may fail before a round ends. */
const MAX_FAILED = 64;

/**
 * Releases the allocations that lapsed more than `graceSeconds` ago, until none is left.
 *
 * Their owner releases them by itself; these are the ones whose owner died in between, or lost
 * them. Any number of replicas may sweep: each allocation is released once. An event that fails is
 * left out for the rest of the round; one in which nothing but failures was found rejects.
 */
export async function releaseOrphans(
  deps: BatchDeps,
  options: { graceSeconds: number; isStopped: () => boolean },
): Promise<void> {
  const { ledger, metrics } = deps;
  const { graceSeconds, isStopped } = options;
  const except = new Set<string>();
  let isMore = true;
  let sum = 0;
  let failure: unknown;
  while (isMore && !isStopped()) {
    const found = await ledger.findOrphans({ graceSeconds, limit: BATCH, except: [...except] });
    if (except.size === 0) {
      metrics.sweepLag(found.lagSeconds);
    }
    const { lapsedBefore, orphans } = found;
    if (orphans.length === 0) {
      break;
    }
    const lapsed = orphans.map((orphan) => ({ ...orphan, isFinal: false }));
    const released = await releaseReachable(deps, lapsed, { lapsedBefore });
    metrics.orphansReleased(released.releasedCount);
    sum += released.releasedCount;
    failure ??= released.failure;
    for (const eventId of released.unreachable) {
      except.add(eventId);
    }
    // When another replica was faster with all of them, the next round can wait.
    const isChanged = released.releasedCount + released.unreachable.length > 0;
    isMore = orphans.length === BATCH && isChanged && except.size < MAX_FAILED;
  }
  if (failure !== undefined && sum === 0) {
    throw failure;
  }
}
