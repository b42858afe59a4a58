import { allocationNotFound, limitExceeded, type Refusal, soldOut } from "./errors.ts";
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
 * Released ones take their units again if enough are left and the buyer's limit allows.
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
    const short = settlement.stock.shortOf(allocation.lines);
    if (short !== undefined) {
      return soldOut(short.ticketTypeId);
    }
    const unitsAfter = allocation.units + (unitsByUser.get(allocation.userId) ?? 0);
    if (unitsAfter > event.maxPerUser) {
      return limitExceeded(event.maxPerUser);
    }
    unitsByUser.set(allocation.userId, unitsAfter);
    settlement.move(allocation, "COMMITTED");
    return { reacquired: true, isNew: true };
  });
  return { answers, change: settlement.change() };
}

/**
 * Decides which allocations give their units back; those that have, and unknown ones, do nothing.
 *
 * With `lapsedBefore`, only held ones that were to lapse by then: an owner may have extended or
 * committed one since it was found.
 */
export function decideRelease(
  book: Book,
  allocationIds: readonly string[],
  lapsedBefore?: Date,
): { releasedCount: number; change: Change } {
  const settlement = new Settlement(book);
  let releasedCount = 0;
  for (const id of allocationIds) {
    const allocation = settlement.find(id);
    if (allocation !== undefined && isReleasable(allocation, lapsedBefore)) {
      settlement.move(allocation, "RELEASED");
      releasedCount += 1;
    }
  }
  return { releasedCount, change: settlement.change() };
}

function isReleasable({ state, expireTime }: Allocation, lapsedBefore: Date | undefined): boolean {
  return lapsedBefore === undefined
    ? state !== "RELEASED"
    : state === "HELD" && expireTime <= lapsedBefore;
}

const PLACES = { HELD: "held", COMMITTED: "sold", RELEASED: "available" } as const;

/** Allocations and stock as they change together. */
class Settlement {
  readonly stock: StockBook;
  readonly #eventId: string;
  readonly #allocations: Map<string, Allocation>;
  readonly #moves = new Map<string, Move & { ids: string[] }>();

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
    this.stock.move(lines, PLACES[from], PLACES[to]);
    const reacquired = from === "RELEASED" || allocation.reacquired;
    this.#allocations.set(id, { ...allocation, state: to, reacquired });
    const move = this.#moves.get(from) ?? { ids: [], from, to };
    move.ids.push(id);
    this.#moves.set(from, move);
  }

  change(): Change {
    return { inserts: [], moves: [...this.#moves.values()], deltas: this.stock.deltas() };
  }
}
