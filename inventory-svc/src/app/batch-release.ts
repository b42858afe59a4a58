import { decideRelease } from "../domain/settle.ts";
import { byEvent, type Ref } from "./by-event.ts";
import type { Ledger, StockLevels } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/**
 * Gives the units of allocations back, exactly once; atomic for each event.
 *
 * When an event's change fails the others are served all the same, and then the call fails:
 * repeating it is harmless.
 */
export async function batchRelease(
  deps: { ledger: Ledger; metrics: LedgerMetrics },
  refs: readonly (Ref & { isFinal: boolean })[],
  options: { lapsedBefore?: Date; signal?: AbortSignal } = {},
): Promise<{ releasedCount: number; stocks: StockLevels[] }> {
  const { ledger, metrics } = deps;
  const operation = options.lapsedBefore === undefined ? "release" : "sweep";
  metrics.batch(operation, refs.length);
  const finalIds = new Set(refs.flatMap((ref) => (ref.isFinal ? [ref.allocationId] : [])));
  const groups = await byEvent(refs, (eventId, allocationIds) =>
    ledger.settle(
      { eventId, allocationIds: [...new Set(allocationIds)], unitsOf: [], signal: options.signal },
      (book) => {
        const wishes = allocationIds.map((allocationId) => ({
          allocationId,
          isFinal: finalIds.has(allocationId),
        }));
        return decideRelease(book, wishes, options.lapsedBefore);
      },
    ),
  );
  let releasedCount = 0;
  const stocks: StockLevels[] = [];
  for (const { result } of groups) {
    if (result.status === "fulfilled" && result.value !== undefined) {
      releasedCount += result.value.outcome.releasedCount;
      stocks.push(result.value.stock);
    }
  }
  metrics.outcome(operation, "released", releasedCount);
  const failed = groups.find(({ result }) => result.status === "rejected");
  if (failed?.result.status === "rejected") {
    throw failed.result.reason;
  }
  metrics.outcome(operation, "unchanged", refs.length - releasedCount);
  return { releasedCount, stocks };
}
