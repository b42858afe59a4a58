import {
  allocationNotFound,
  allocationNotHeld,
  limitExceeded,
  type Refusal,
  soldOut,
} from "./errors.ts";
import type { Allocation, AllocationState, Book, Change, Move } from "./ledger.ts";
import { StockBook } from "./stock-book.ts";

/** A committed allocation's answer. */
export interface Commit {
  /** True when the units had been released and were taken again, now or by an earlier call. */
  reacquired: boolean;
  /** False when it had been committed before. */
  isNew: boolean;
}

/**
 * Decides which allocations become sold, in order.
 *
 * Released ones take their units again if enough are left and the buyer's limit allows. One that may
 * not is voided: its buyer is told to have the payment refunded, so no repeat may sell it after all.
 */
export function decideCommit(
  book: Book,
  allocationIds: readonly string[],
): { answers: (Commit | Refusal)[]; change: Change } {
  const { event } = book;
  const settlement = new Settlement(book);
  const unitsByUser = new Map(book.unitsByUser);
  const answers = allocationIds.map((id): Commit | Refusal => {
    const allocation = settlement.find(id);
    if (allocation === undefined) {
      return allocationNotFound(id);
    }
    if (allocation.state === "COMMITTED") {
      return { reacquired: allocation.reacquired, isNew: false };
    }
    if (allocation.state === "HELD") {
      settlement.move(allocation, "COMMITTED");
      return { reacquired: false, isNew: true };
    }
    if (allocation.state === "VOIDED") {
      return allocationNotHeld(id);
    }
    const short = settlement.stock.shortOf(allocation.lines);
    const unitsAfter = allocation.units + (unitsByUser.get(allocation.userId) ?? 0);
    if (short !== undefined || unitsAfter > event.maxPerUser) {
      settlement.move(allocation, "VOIDED");
      return short === undefined ? limitExceeded(event.maxPerUser) : soldOut(short.ticketTypeId);
    }
    unitsByUser.set(allocation.userId, unitsAfter);
    settlement.move(allocation, "COMMITTED");
    return { reacquired: true, isNew: true };
  });
  return { answers, change: settlement.change() };
}

/** Which allocations to release, and how. */
export interface ReleaseWish {
  allocationId: string;
  /** True for a cancellation, which voids whatever the allocation was. */
  isFinal: boolean;
}

/**
 * Decides which allocations give their units back; those that have, and unknown ones, do nothing.
 *
 * With `lapsedBefore`, only held ones that were to lapse by then: an owner may have extended or
 * committed one since it was found.
 */
export function decideRelease(
  book: Book,
  wishes: readonly ReleaseWish[],
  lapsedBefore?: Date,
): { releasedCount: number; change: Change } {
  const settlement = new Settlement(book);
  let releasedCount = 0;
  for (const { allocationId, isFinal } of wishes) {
    const allocation = settlement.find(allocationId);
    if (allocation === undefined || allocation.state === "VOIDED") {
      continue;
    }
    if (isFinal) {
      settlement.move(allocation, "VOIDED");
      releasedCount += allocation.state === "RELEASED" ? 0 : 1;
    } else if (hasLapsed(allocation, lapsedBefore)) {
      settlement.move(allocation, "RELEASED");
      releasedCount += 1;
    }
  }
  return { releasedCount, change: settlement.change() };
}

/** Only held units lapse: what is sold stays sold, however late its expiry is told again. */
function hasLapsed({ state, expireTime }: Allocation, lapsedBefore: Date | undefined): boolean {
  return state === "HELD" && (lapsedBefore === undefined || expireTime <= lapsedBefore);
}

const PLACES = {
  HELD: "held",
  COMMITTED: "sold",
  RELEASED: "available",
  VOIDED: "available",
} as const;

/** Allocations and stock as they change together. */
class Settlement {
  readonly stock: StockBook;
  readonly #eventId: string;
  readonly #allocations: Map<string, Allocation>;
  /** What becomes of each allocation, however often it is named. */
  readonly #moves = new Map<string, Move>();

  constructor(book: Book) {
    this.stock = new StockBook(book.stock);
    this.#eventId = book.event.eventId;
    this.#allocations = new Map(book.allocations);
  }

  /** An allocation of this event. */
  find(id: string): Allocation | undefined {
    const allocation = this.#allocations.get(id);
    return allocation?.eventId === this.#eventId ? allocation : undefined;
  }

  move(allocation: Allocation, to: AllocationState): void {
    const { id, state: from, lines } = allocation;
    if (PLACES[from] !== PLACES[to]) {
      this.stock.move(lines, PLACES[from], PLACES[to]);
    }
    const isReacquired = from === "RELEASED" && to === "COMMITTED";
    const reacquired = isReacquired || allocation.reacquired;
    this.#allocations.set(id, { ...allocation, state: to, reacquired });
    this.#moves.set(id, { id, from: this.#moves.get(id)?.from ?? from, to });
  }

  change(): Change {
    return { inserts: [], moves: [...this.#moves.values()], deltas: this.stock.deltas() };
  }
}
