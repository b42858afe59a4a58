import { capacityBelowTaken, type Refusal, requestIdReused } from "./errors.ts";
import type { Book, CapacityChange, Change, StockLine } from "./ledger.ts";

/** How many units of a ticket type there shall be. */
export interface CapacityWish {
  /** Names the change: the same for each try of one wish. */
  id: string;
  /** The organiser's own name for it. */
  requestId: string;
  ticketTypeId: string;
  capacity: number;
}

/** The ticket type as the change left it. */
export interface CapacityAnswer {
  line: StockLine;
  /** True when the change had been made before, and nothing was done now. */
  replayed: boolean;
}

/**
 * Decides on a ticket type's new capacity: what is left grows or shrinks by the difference, and
 * what is taken stays taken.
 */
export function decideCapacity(
  book: Book,
  wish: CapacityWish,
): { answer: CapacityAnswer | Refusal; change: Change } {
  const line = book.stock.find(({ ticketTypeId }) => ticketTypeId === wish.ticketTypeId);
  if (line === undefined) {
    throw new RangeError(`the event has no ticket type ${wish.ticketTypeId}`);
  }
  const { eventId } = book.event;
  const { position, held, sold } = line;
  const { id, capacity } = wish;
  const earlier = book.capacityChange;
  if (earlier !== undefined) {
    return { answer: replayOf(earlier, line, { ...wish, eventId }), change: NOTHING };
  }
  const taken = held + sold;
  if (capacity < taken) {
    return { answer: capacityBelowTaken(line.ticketTypeId, taken), change: NOTHING };
  }
  const growth = capacity - line.capacity;
  const available = line.available + growth;
  const delta = { position, available: growth, held: 0, sold: 0, capacity: growth };
  const capacityBefore = line.capacity;
  return {
    answer: { line: { ...line, capacity, available }, replayed: false },
    change: {
      ...NOTHING,
      deltas: growth === 0 ? [] : [delta],
      capacityChange: { id, eventId, position, capacityBefore, capacity, available, held, sold },
    },
  };
}

const NOTHING: Change = { inserts: [], moves: [], deltas: [] };

/** The first answer, whatever became of the capacity since. */
function replayOf(
  earlier: CapacityChange,
  line: StockLine,
  { eventId, requestId, capacity }: CapacityWish & { eventId: string },
): CapacityAnswer | Refusal {
  const isSame =
    earlier.eventId === eventId &&
    earlier.position === line.position &&
    earlier.capacity === capacity;
  if (!isSame) {
    return requestIdReused(requestId);
  }
  const { available, held, sold } = earlier;
  return { line: { ...line, capacity, available, held, sold }, replayed: true };
}
