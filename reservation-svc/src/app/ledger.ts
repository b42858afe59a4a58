import type { ServiceError } from "@tessera/service-kit/service-error";
import type { Item, Reservation } from "../domain/reservation.ts";

/** One buyer's wish, as the ledger takes it. */
export interface AllocationWish {
  allocationId: string;
  userId: string;
  items: readonly Item[];
}

/** The units are the buyer's. */
export interface Grant {
  totalMinor: number;
  currency: string;
  /** True when they had been granted before, by the same id. */
  isReplay: boolean;
  allocateTime: Date;
  expireTime: Date;
}

/** What was granted, ever, by its id. */
export interface Allocation {
  /** Whether it still has its units. */
  hasUnits: boolean;
}

/** How much is left in one event, as one version of the ledger. */
export interface StockLevels {
  eventId: string;
  /** A higher version is newer. */
  version: number;
  /** Units available by ticket type. */
  available: ReadonlyMap<string, number>;
}

/** Wishes for one event, in order. */
export interface AllocateBatch {
  eventId: string;
  /** The fencing token of the event's lock; 0 without a lock. */
  token: number;
  wishes: readonly AllocationWish[];
}

/** One answer for each wish, in order, and the stock they left. */
export interface AllocateAnswer {
  answers: (Grant | ServiceError)[];
  /** Absent for an unknown event. */
  stock: StockLevels | undefined;
}

/** How long, and for whom, a call to the ledger is made. */
export interface LedgerCall {
  /** In milliseconds. */
  timeoutMs?: number;
  /** The request that it is made for, where that is a single one; for the logs. */
  requestId?: string | undefined;
  /** The W3C trace context of that request. */
  traceparent?: string | undefined;
}

/** The authority on who has which units: inventory-svc. */
export interface Ledger {
  /**
   * Decides wishes for one event in order.
   * Throws FENCED when a higher token was seen.
   */
  allocate(batch: AllocateBatch, call: LedgerCall): Promise<AllocateAnswer>;
  /** Which of these ids were ever granted, and whether each still has its units. At most 500. */
  find(ids: readonly string[], call: LedgerCall): Promise<ReadonlyMap<string, Allocation>>;
  /** Makes held units sold; takes lapsed ones again when it can. */
  commit(
    reservations: readonly Reservation[],
    call: LedgerCall,
  ): Promise<{ answers: ({ isReacquired: boolean } | ServiceError)[]; stocks: StockLevels[] }>;
  /**
   * Gives units back, exactly once; final for cancelled reservations. Of `unreachable` events
   * nothing is known to be back.
   */
  release(
    reservations: readonly Reservation[],
    call: LedgerCall,
  ): Promise<{ stocks: StockLevels[]; unreachable: ReadonlySet<string> }>;
  /** Moves the time at which a hold lapses. Throws ALLOCATION_NOT_HELD. */
  extend(allocationId: string, expireTime: Date, call: LedgerCall): Promise<void>;
}
