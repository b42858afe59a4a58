import { decideRelease } from "../domain/settle.ts";
import { type BatchDeps, byEvent, idsOf } from "./by-event.ts";
import type { Call } from "./call.ts";
import type { Ref, StockLevels } from "./ledger.ts";

/** An allocation to be released. */
export type ReleaseRef = Ref & {
  /** True when it is cancelled; what lapsed may be committed after all. */
  isFinal: boolean;
};

/** How a release is asked for. */
export interface ReleaseCall extends Call {
  /** Releases only what was to lapse by then. */
  lapsedBefore?: Date;
}

/** What a release came to. */
export interface Released {
  releasedCount: number;
  stocks: StockLevels[];
  /** The events whose change failed. */
  unreachable: string[];
}

/**
 * Gives the units of allocations back, exactly once; atomic for each event.
 *
 * When an event's change fails the others are served all the same, and then the call fails, unless
 * `isPartial` and some were served. Repeating it is harmless.
 */
export async function batchRelease(
  deps: BatchDeps,
  refs: readonly ReleaseRef[],
  { isPartial = false, ...call }: ReleaseCall & { isPartial?: boolean } = {},
): Promise<Released> {
  const { failure, ...released } = await releaseReachable(deps, refs, call);
  const failedCount = released.unreachable.length;
  const eventCount = new Set(refs.map(({ eventId }) => eventId)).size;
  if (failedCount > 0 && (!isPartial || failedCount === eventCount)) {
    throw failure;
  }
  return released;
}

/** Does the same and never fails for an event's sake; `failure` is of one that could not be reached. */
export async function releaseReachable(
  deps: BatchDeps,
  refs: readonly ReleaseRef[],
  { lapsedBefore, ...call }: ReleaseCall,
): Promise<Released & { failure?: unknown }> {
  const { ledger, metrics, onEventFailure } = deps;
  const operation = lapsedBefore === undefined ? "release" : "sweep";
  metrics.batch(operation, refs.length);
  const groups = await byEvent(refs, { ...call, onEventFailure }, (eventId, some) => {
    const query = { eventId, allocationIds: idsOf(some), unitsOf: [], signal: call.signal };
    return ledger.settle(query, (book) => decideRelease(book, some, lapsedBefore));
  });
  const released: Released = { releasedCount: 0, stocks: [], unreachable: [] };
  let failure: unknown;
  let failedCount = 0;
  for (const { eventId, refs: some, result } of groups) {
    if (result.status === "rejected") {
      released.unreachable.push(eventId);
      failedCount += some.length;
      failure = result.reason;
    } else if (result.value !== undefined) {
      released.releasedCount += result.value.outcome.releasedCount;
      released.stocks.push(result.value.stock);
    }
  }
  const { releasedCount } = released;
  metrics.outcome(operation, "released", releasedCount);
  metrics.outcome(operation, "unreachable", failedCount);
  metrics.outcome(operation, "unchanged", refs.length - releasedCount - failedCount);
  return { ...released, failure };
}
