import { disagreements, disagreementsOf } from "./invariants/agreement.ts";
import { outboxViolations } from "./invariants/outbox.ts";
import { openReader } from "./invariants/reader.ts";
import { stockViolations } from "./invariants/stock.ts";
import type { PerSchema } from "./schemas.ts";

/** What to check. */
export interface InvariantOptions {
  /** This event alone; otherwise all of them. */
  eventId?: string;
  /**
   * True when nothing is under way: then the ledger and the reservations must agree as well. While
   * buyers are being served, one is always a step ahead of the other.
   */
  isSettled: boolean;
  /** With an event: only its reservations after the one of this `seq`, when none is older. */
  afterSeq?: number;
  /** Rows of one look at a table, at most; defaults to 20,000. */
  sliceRows?: number;
}

/**
 * Tables are walked in the order of a key, look by look: however much they hold, no statement
 * takes long and little is remembered.
 */
const SLICE_ROWS = 20_000;

/**
 * Reads the schemas and lists every broken promise, in words; empty when all are kept:
 *
 * - each ticket type's `available + held + sold = capacity`, and none of them is negative;
 * - held and sold are what the allocations add up to, ticket type by ticket type;
 * - capacities are what their last changes made them, and no change is missing between two;
 * - nobody has more units of an event than it allows;
 * - when settled: each allocation has its reservation and the other way round, in states that go
 *   together, and the last move in the outbox is the state that the reservation is in.
 */
export async function violationsOf(
  urls: Pick<PerSchema, "inventory" | "reservation">,
  options: InvariantOptions,
): Promise<string[]> {
  const { eventId, isSettled, afterSeq = 0, sliceRows = SLICE_ROWS } = options;
  const inventory = await openReader(urls.inventory);
  const reservation = await openReader(urls.reservation);
  try {
    const found = await stockViolations(inventory, { eventId, sliceRows });
    if (isSettled) {
      const different =
        eventId === undefined
          ? await disagreements(inventory, reservation, sliceRows)
          : await disagreementsOf(inventory, reservation, { eventId, afterSeq });
      const moves = { eventId, afterSeq, sliceRows };
      found.push(...different, ...(await outboxViolations(reservation, moves)));
    }
    return found;
  } finally {
    inventory.destroy();
    reservation.destroy();
  }
}
