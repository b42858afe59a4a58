import type { Line } from "./lines.ts";

/** What somebody wanted of the system. */
export type Wish =
  | { kind: "reserve"; eventId: string; items: readonly Line[]; pass?: string }
  | { kind: "confirm"; eventId: string; reservationId: string; paymentReference: string }
  | { kind: "cancel" | "extend" | "look"; eventId: string; reservationId: string }
  | { kind: "join" | "poll" | "leave"; eventId: string }
  /** The organiser sets how many units of a ticket type there are. */
  | { kind: "capacity"; eventId: string; ticketTypeId: string; capacity: number };

/**
 * What came of it, as far as the one who asked can know:
 *
 * - `ok`: it was done, or had been done before under the same key;
 * - `refused`: it was not done, and nothing was changed;
 * - `unknown`: no answer, a 503, a 504, or "still running": it may have been done.
 */
export type Outcome = "ok" | "refused" | "unknown";

/** A reservation as an answer told it. */
export interface ToldReservation {
  id: string;
  eventId: string;
  state: string;
  items: readonly Line[];
  /** In minor units. */
  total: { amount: number; currency: string };
  expiresAt: string;
  extendCount: number;
  reacquired: boolean;
}

/** A place in a waiting room as an answer told it. */
export interface ToldPlace {
  state: "WAITING" | "ADMITTED" | "GONE" | "EXPIRED";
  position: number | null;
  pass?: string;
  /** When to ask again; null when there is nothing to wait for. */
  pollAfterMs: number | null;
}

/** What was answered, when anything was. */
export interface Told {
  status: number;
  /** The problem's code; undefined for what is no problem. */
  code: string | undefined;
  /** In seconds; undefined when it was not there. */
  retryAfter: number | undefined;
  /** True when the answer says that it is an earlier one's. */
  isReplay: boolean;
  reservation?: ToldReservation;
  place?: ToldPlace;
}

/** One request: who wanted what, when, and what came of it. Repeats are operations of their own. */
export interface Operation {
  /** Operations are numbered as they begin, from 1. */
  number: number;
  userId: string;
  /** The Idempotency-Key; repeats have the same one. Undefined where none is needed. */
  key: string | undefined;
  wish: Wish;
  /** When it began, in milliseconds since the history did. */
  startMs: number;
  /** When it ended; undefined while it is under way. */
  endMs: number | undefined;
  /** `unknown` while it is under way. */
  outcome: Outcome;
  /** Undefined without an answer. */
  told: Told | undefined;
  /** Why there was no answer, such as ECONNRESET or TIMEOUT; undefined when there was one. */
  lost: string | undefined;
}

/** Everything that was asked and answered in one round, in the order in which it began. */
export class History {
  /** When the history began, as `performance.now()` counts. */
  readonly originMs = performance.now();
  readonly #operations: Operation[] = [];

  /** Oldest first. */
  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** Milliseconds since the history began. */
  now(): number {
    return performance.now() - this.originMs;
  }

  /** Somebody asks. */
  begin(userId: string, wish: Wish, key?: string): Operation {
    const operation: Operation = {
      number: this.#operations.length + 1,
      userId,
      key,
      wish,
      startMs: this.now(),
      endMs: undefined,
      outcome: "unknown",
      told: undefined,
      lost: undefined,
    };
    this.#operations.push(operation);
    return operation;
  }

  /** There is an answer. */
  answered(operation: Operation, outcome: Outcome, told: Told): void {
    operation.endMs = this.now();
    operation.outcome = outcome;
    operation.told = told;
  }

  /** There will be none. */
  lost(operation: Operation, why: string): void {
    operation.endMs = this.now();
    operation.lost = why;
  }
}
