import type { EventTerms } from "./event.ts";

/** One line of an allocation: units of the ticket type at a position of the event. */
export interface Line {
  position: number;
  quantity: number;
}

/**
 * Where an allocation is in its life. A released one has lapsed, and may be committed after all;
 * a voided one was cancelled, or refused to a late commit, and nothing ever becomes of it again.
 */
export type AllocationState = "HELD" | "COMMITTED" | "RELEASED" | "VOIDED";

/** One buyer's claim on units of one event. */
export interface Allocation {
  id: string;
  eventId: string;
  userId: string;
  state: AllocationState;
  /** At least one, each position once, by position. */
  lines: readonly Line[];
  /** The sum of the lines' quantities. */
  units: number;
  /** The price of all units, in minor units of the event's currency. */
  totalMinor: number;
  createTime: Date;
  /** When it was to lapse as it was granted. */
  firstExpireTime: Date;
  /** When it lapses now. */
  expireTime: Date;
  /** True when its units had been released and were taken again by a commit. */
  reacquired: boolean;
}

/** The stock of one ticket type; `available + held + sold = capacity`, always. */
export interface StockLine {
  position: number;
  ticketTypeId: string;
  priceMinor: number;
  capacity: number;
  available: number;
  held: number;
  sold: number;
}

/** What the ledger must know of an event to decide. */
export interface SaleRules {
  eventId: string;
  salesOpenTime: Date;
  salesCloseTime: Date;
  holdSeconds: number;
  maxPerUser: number;
  currency: string;
  /** The highest fencing token seen. */
  fence: bigint;
  /** Grows with every change of the event's stock. */
  stockVersion: bigint;
}

/** One event's ledger as read under its lock. */
export interface Book {
  /** The database's time, taken after the lock was granted. */
  now: Date;
  event: SaleRules;
  /** In the event's order. */
  stock: readonly StockLine[];
  /** Those that were asked for and exist, by id; of any event. */
  allocations: ReadonlyMap<string, Allocation>;
  /** Units that users hold and own in the event; users without any are missing. */
  unitsByUser: ReadonlyMap<string, number>;
  /** The change of a capacity that was asked for, if it was made before; of any event. */
  capacityChange?: CapacityChange;
  /** The event's terms, where they are to be changed. */
  terms?: EventTerms;
  /** The change of an event that was asked for, if it was made before; of any event. */
  eventChange?: EventChange;
}

/** How one ticket type's stock changes: signed amounts that add up to the capacity's. */
export interface StockDelta {
  position: number;
  available: number;
  held: number;
  sold: number;
  /** Absent when there are as many units as before. */
  capacity?: number;
}

/** A change of one ticket type's capacity, and the stock it left. */
export interface CapacityChange {
  id: string;
  eventId: string;
  position: number;
  capacityBefore: number;
  capacity: number;
  available: number;
  held: number;
  sold: number;
}

/** A change of an event's terms, and what it left. */
export interface EventChange {
  id: string;
  eventId: string;
  /** Tells whether another request has the same id. */
  requestHash: string;
  /** What it was about and changed, by the field's name, `waitingRoom.maxActive` for example. */
  fields: Readonly<Record<string, { before: unknown; after: unknown }>>;
  terms: EventTerms;
  /** Of the event's ticket types, in its order. */
  capacities: readonly number[];
}

/** An allocation that changes its state. */
export interface Move {
  id: string;
  from: AllocationState;
  to: AllocationState;
}

/** What to write, all or nothing. */
export interface Change {
  inserts: readonly Allocation[];
  moves: readonly Move[];
  deltas: readonly StockDelta[];
  /** To be kept, with the delta that it is about. */
  capacityChange?: CapacityChange;
  /** To be kept, and its terms to be the event's. */
  eventChange?: EventChange;
  /** A fencing token higher than the last; absent when it did not move. */
  fence?: bigint;
}
