import type { LedgerQuery, Settled } from "../app/ledger.ts";
import type { Book, Change, StockDelta, StockLine } from "../domain/ledger.ts";
import { isStockChanged } from "./write-change.ts";

/** A wish to settle something in one event, on its way through a transaction. */
export interface Settlement {
  query: LedgerQuery;
  decide: (book: Book) => { change: Change };
}

/** What became of it; `settled` is undefined for an unknown event. */
export interface Done {
  settled: Settled<{ change: Change }> | undefined;
}

/** Allocations that are settled in one transaction at most, so that none takes long. */
const ALLOCATIONS_MAX = 1000;

/**
 * Divides settlements into groups for one transaction each: in the order they came, no event
 * twice in a group, and no group too large.
 */
export function groupsOf(settlements: readonly Settlement[]): Settlement[][] {
  const groups: { members: Settlement[]; events: Set<string>; size: number }[] = [];
  for (const settlement of settlements) {
    const { eventId, allocationIds } = settlement.query;
    const last = groups.at(-1);
    const isFull =
      last === undefined ||
      last.events.has(eventId) ||
      last.size + allocationIds.length > ALLOCATIONS_MAX;
    if (isFull) {
      const events = new Set([eventId]);
      groups.push({ members: [settlement], events, size: allocationIds.length });
    } else {
      last.members.push(settlement);
      last.events.add(eventId);
      last.size += allocationIds.length;
    }
  }
  return groups.map(({ members }) => members);
}

/** The outcome and the stock it left. */
export function settledOf<T extends { change: Change }>(book: Book, outcome: T): Settled<T> {
  const { eventId, stockVersion } = book.event;
  const { change } = outcome;
  const version = isStockChanged(change) ? stockVersion + 1n : stockVersion;
  return { outcome, stock: { eventId, version, lines: applied(book.stock, change.deltas) } };
}

function applied(stock: readonly StockLine[], deltas: readonly StockDelta[]): StockLine[] {
  const byPosition = new Map(deltas.map((delta) => [delta.position, delta]));
  return stock.map((line) => {
    const delta = byPosition.get(line.position);
    return delta === undefined
      ? line
      : {
          ...line,
          available: line.available + delta.available,
          held: line.held + delta.held,
          sold: line.sold + delta.sold,
          capacity: line.capacity + (delta.capacity ?? 0),
        };
  });
}
