import { decideRelease } from "../domain/settle.ts";
import { type BatchDeps, byEvent, type Ref } from "./by-event.ts";
import type { Call } from "./call.ts";
import type { StockLevels } from "./ledger.ts";

/** How a release is asked for. */
export interface ReleaseCall extends Call {
  /** Releases only what was to lapse by then. */
  lapsedBefore?: Date;
  /** True when events that failed are to be told beside those that were served. */
  isPartial?: boolean;
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
  refs: readonly (Ref & { isFinal: boolean })[],
  { lapsedBefore, isPartial = false, ...call }: ReleaseCall = {},
): Promise<Released> {
  const { ledger, metrics, onBug } = deps;
  const { signal } = call;
  const operation = lapsedBefore === undefined ? "release" : "sweep";
  metrics.batch(operation, refs.length);
  const finalIds = new Set(refs.flatMap((ref) => (ref.isFinal ? [ref.allocationId] : [])));
  const groups = await byEvent(refs, { ...call, onBug }, (eventId, allocationIds) =>
    ledger.settle(
      { eventId, allocationIds: [...new Set(allocationIds)], unitsOf: [], signal },
      (book) => {
        const wishes = allocationIds.map((allocationId) => ({
          allocationId,
          isFinal: finalIds.has(allocationId),
        }));
        return decideRelease(book, wishes, lapsedBefore);
      },
    ),
  );
  const released: Released = { releasedCount: 0, stocks: [], unreachable: [] };
  let [failedCount, failure]: [number, unknown] = [0, undefined];
  for (const { eventId, places, result } of groups) {
    if (result.status === "rejected") {
      released.unreachable.push(eventId);
      failedCount += places.length;
      failure = result.reason;
    } else if (result.value !== undefined) {
      released.releasedCount += result.value.outcome.releasedCount;
      released.stocks.push(result.value.stock);
    }
  }
  const { releasedCount, unreachable } = released;
  metrics.outcome(operation, "released", releasedCount);
  metrics.outcome(operation, "unreachable", failedCount);
  if (unreachable.length > 0 && (!isPartial || unreachable.length === groups.length)) {
    throw failure;
  }
  metrics.outcome(operation, "unchanged", refs.length - releasedCount - failedCount);
  return released;
}
