import { decideRelease } from "../domain/settle.ts";
import { byEvent, type Ref } from "./by-event.ts";
import type { Ledger, StockLevels } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/**
 * Gives the units of allocations back, in one transaction for each event, exactly once.
 *
 * When an event's transaction fails the others are served all the same, and then the call fails:
 * repeating it is harmless.
 */
export async function batchRelease(
  deps: { ledger: Ledger; metrics: LedgerMetrics },
  refs: readonly Ref[],
  options: { lapsedBefore?: Date; signal?: AbortSignal } = {},
): Promise<{ releasedCount: number; stocks: StockLevels[] }> {
  const { ledger, metrics } = deps;
  const operation = options.lapsedBefore === undefined ? "release" : "sweep";
  metrics.batch(operation, refs.length);
  const groups = await byEvent(refs, (eventId, allocationIds) =>
    ledger.settle(
      { eventId, allocationIds: [...new Set(allocationIds)], unitsOf: [], signal: options.signal },
      (book) => decideRelease(book, allocationIds, options.lapsedBefore),
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
