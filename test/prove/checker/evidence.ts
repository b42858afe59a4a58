import type { EventOnSale } from "../event-on-sale.ts";
import type { Line } from "../lines.ts";

/** What inventory-svc has of one ticket type. */
export interface Stock {
  eventId: string;
  ticketTypeId: string;
  capacity: number;
  available: number;
  held: number;
  sold: number;
}

/** A claim as inventory-svc has it. */
export interface Allocation {
  id: string;
  eventId: string;
  userId: string;
  state: "HELD" | "COMMITTED" | "RELEASED" | "VOIDED";
  items: readonly Line[];
}

/** The same claim as reservation-svc has it. Times are milliseconds since 1970. */
export interface Reservation {
  id: string;
  eventId: string;
  userId: string;
  state: string;
  items: readonly Line[];
  totalMinor: number;
  createTime: number;
  firstExpireTime: number;
  expireTime: number;
  paymentReference: string;
  extendCount: number;
}

/** A request that had an effect on a reservation. */
export interface RequestKey {
  /** Follows from operation, user and the client's key. */
  keyId: string;
  reservationId: string;
}

/** A move of a reservation, as consumers are told of it. Times are milliseconds since 1970. */
export interface Move {
  seq: number;
  reservationId: string;
  eventId: string;
  userId: string;
  /** After the move. */
  state: string;
  items: readonly Line[];
  expireTime: number;
  /** When it was made. */
  time: number;
  /** As it was published. */
  payload: string;
}

/** What is left of one round when all is quiet. */
export interface Evidence {
  events: readonly EventOnSale[];
  stock: readonly Stock[];
  allocations: readonly Allocation[];
  reservations: readonly Reservation[];
  requestKeys: readonly RequestKey[];
  /** In the order of their numbers. */
  moves: readonly Move[];
  /** What consumers were told, in the order in which they were, repeats included. */
  stream: readonly Move[];
  /** Those of the buyers who have an account. */
  accounts: ReadonlySet<string>;
  /** The database's clock when all this was read, in milliseconds since 1970. */
  readTime: number;
  /** When that clock was asked, as the laboratory's `performance.now()` counts. */
  readMs: number;
  /**
   * When everything was quiet after the crowd had gone, in milliseconds since the history began:
   * who came later was alone with what was left.
   */
  quietMs: number;
  /** What the ledger's own invariants say, in words. */
  ledger: readonly string[];
}

/** Reads a move from what is published of it. Throws when it is not one. */
export function moveOf(seq: number, payload: string): Move {
  const { reservationId, eventId, userId, state, items, expireTime, time } = JSON.parse(payload);
  const move = { seq, reservationId, eventId, userId, state, items, payload };
  return { ...move, expireTime: Date.parse(expireTime), time: Date.parse(time) };
}
