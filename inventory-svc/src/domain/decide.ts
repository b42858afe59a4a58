import {
  allocationConflict,
  asError,
  fenced,
  limitExceeded,
  type Refusal,
  salesClosed,
  soldOut,
  ticketTypeNotFound,
} from "./errors.ts";
import type { Allocation, Book, Change, Line } from "./ledger.ts";
import { StockBook } from "./stock-book.ts";

/** One buyer's wish, well-formed. */
export interface Wish {
  allocationId: string;
  userId: string;
  /** Quantities are at least 1; a ticket type may appear more than once. */
  items: readonly { ticketTypeId: string; quantity: number }[];
}

/** A granted wish. */
export interface Grant {
  allocation: Allocation;
  /** True when the allocation had been granted before and nothing was taken now. */
  replayed: boolean;
}

/** Everything that follows from one batch. */
export interface AllocateDecision {
  /** One for each entry, in order. */
  answers: (Grant | Refusal)[];
  /** When what is granted now lapses. */
  expireTime: Date;
  change: Change;
}

/**
 * Decides a batch entry by entry, in order; each entry sees what the ones before it took.
 *
 * Entries that are refusals already keep their place. Throws FENCED when `fencingToken` is older
 * than the last one seen; 0 is no token.
 */
export function decideAllocate(
  book: Book,
  entries: readonly (Wish | Refusal)[],
  fencingToken: bigint,
): AllocateDecision {
  const { event } = book;
  if (fencingToken > 0n && fencingToken < event.fence) {
    throw asError(fenced(event.fence));
  }
  const batch = new Batch(book);
  const answers = entries.map((entry) => ("reason" in entry ? entry : batch.decide(entry)));
  return {
    answers,
    expireTime: batch.expireTime,
    change: {
      inserts: batch.granted,
      moves: [],
      deltas: batch.stock.deltas(),
      ...(fencingToken > event.fence ? { fence: fencingToken } : {}),
    },
  };
}

class Batch {
  readonly stock: StockBook;
  readonly granted: Allocation[] = [];
  readonly expireTime: Date;
  readonly #book: Book;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #known: Map<string, Allocation>;
  readonly #unitsByUser: Map<string, number>;
  readonly #isOpen: boolean;

  constructor(book: Book) {
    const { now, event, stock } = book;
    this.#book = book;
    this.stock = new StockBook(stock);
    this.expireTime = new Date(now.getTime() + event.holdSeconds * 1000);
    this.#positions = new Map(stock.map((line) => [line.ticketTypeId, line.position]));
    this.#known = new Map(book.allocations);
    this.#unitsByUser = new Map(book.unitsByUser);
    this.#isOpen = event.salesOpenTime <= now && now < event.salesCloseTime;
  }

  decide(wish: Wish): Grant | Refusal {
    const { event } = this.#book;
    const lines = this.#linesOf(wish);
    const known = this.#known.get(wish.allocationId);
    if (known !== undefined) {
      return isSame(known, { eventId: event.eventId, userId: wish.userId, lines })
        ? { allocation: known, replayed: true }
        : allocationConflict(wish.allocationId);
    }
    if (!this.#isOpen) {
      return salesClosed(event);
    }
    if (!Array.isArray(lines)) {
      return lines;
    }
    const short = this.stock.shortOf(lines);
    if (short !== undefined) {
      return soldOut(short.ticketTypeId);
    }
    const units = lines.reduce((sum, { quantity }) => sum + quantity, 0);
    const unitsAfter = units + (this.#unitsByUser.get(wish.userId) ?? 0);
    if (unitsAfter > event.maxPerUser) {
      return limitExceeded(event.maxPerUser);
    }
    this.#unitsByUser.set(wish.userId, unitsAfter);
    return { allocation: this.#grant(wish, lines, units), replayed: false };
  }

  #grant({ allocationId, userId }: Wish, lines: Line[], units: number): Allocation {
    this.stock.move(lines, "available", "held");
    const allocation: Allocation = {
      id: allocationId,
      eventId: this.#book.event.eventId,
      userId,
      state: "HELD",
      lines,
      units,
      totalMinor: this.stock.priceOf(lines),
      createTime: this.#book.now,
      firstExpireTime: this.expireTime,
      expireTime: this.expireTime,
      reacquired: false,
    };
    this.granted.push(allocation);
    this.#known.set(allocationId, allocation);
    return allocation;
  }

  /** Two items of one type count together, or each could pass alone. */
  #linesOf({ items }: Wish): Line[] | Refusal {
    const quantities = new Map<number, number>();
    for (const { ticketTypeId, quantity } of items) {
      const position = this.#positions.get(ticketTypeId);
      if (position === undefined) {
        return ticketTypeNotFound(ticketTypeId);
      }
      quantities.set(position, (quantities.get(position) ?? 0) + quantity);
    }
    return [...quantities]
      .map(([position, quantity]) => ({ position, quantity }))
      .sort((a, b) => a.position - b.position);
  }
}

function isSame(
  known: Allocation,
  wish: { eventId: string; userId: string; lines: Line[] | Refusal },
): boolean {
  const { lines } = wish;
  return (
    known.eventId === wish.eventId &&
    known.userId === wish.userId &&
    Array.isArray(lines) &&
    known.lines.length === lines.length &&
    known.lines.every(({ position, quantity }, index) => {
      const line = lines[index];
      return line?.position === position && line.quantity === quantity;
    })
  );
}
