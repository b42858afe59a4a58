import type { Reservation } from "../domain/reservation.ts";

/** A reservation to be written, with what recognises its request again. */
export interface NewReservation {
  reservation: Reservation;
  /** Of the request's body. */
  bodyHash: Buffer;
}

/** A reservation as it was found, and what time it is where holds are counted. */
export type FoundReservation = NewReservation & { now: Date };

/** What recognises a request again: an id made of user, operation and request id. */
export interface RequestKey {
  keyId: string;
  requestId: string;
  reservationId: string;
  bodyHash: Buffer;
}

/** What became of the wish to confirm one reservation. */
export type ConfirmIntent =
  | { kind: "commit"; reservation: Reservation; isReplay: boolean }
  | { kind: "confirmed"; reservation: Reservation; isReplay: boolean }
  /** One that says whether it is a replay is final: its request is remembered. */
  | { kind: "refused"; error: Error; isReplay?: boolean }
  /** Somebody else is changing the reservation. */
  | { kind: "locked" };

/** A wish to confirm. */
export interface ConfirmWish {
  key: RequestKey;
  userId: string;
  paymentReference: string;
}

/** How confirmations are begun. */
export interface ConfirmOptions {
  /** False when what somebody else is changing is left out. */
  isWaiting: boolean;
  /** How long after its hold's end an expired reservation may be confirmed, in seconds. */
  lateSeconds: number;
}

/** What the ledger said to confirmations. */
export interface ConfirmOutcome {
  /** Those whose units had to be taken again are marked. */
  confirmed: readonly { reservation: Reservation; isReacquired: boolean }[];
  refused: readonly Reservation[];
}

/** What a sweep found to do. */
export interface DueReservations {
  /** Holds that this sweep expired: their units go back. */
  expired: readonly Reservation[];
  /** Ended before, their units not given back yet. */
  unreleased: readonly Reservation[];
  /** Confirmations that were left in the middle. */
  confirming: readonly Reservation[];
  /** How long the longest overdue one had been waiting, in milliseconds; 0 when none. */
  lagMs: number;
  /** The database's time, where anything was found. */
  now: Date;
}

/**
 * Where reservations are kept. Every move is one conditional write in one transaction with its
 * outbox row: of two rivals exactly one wins. The database's clock decides.
 *
 * All methods throw DEPENDENCY_UNAVAILABLE while the database does not answer.
 */
export interface ReservationStore {
  /** Finds reservations, at most 500, with the hash of the body that made each; by id. */
  find(ids: readonly string[]): Promise<ReadonlyMap<string, FoundReservation>>;
  /** Writes new reservations in the order given. Throws DuplicateReservation when one exists. */
  insert(created: readonly NewReservation[]): Promise<void>;
  /** A user's reservations, newest first, below the given sequence number. */
  list(
    userId: string,
    page: { size: number; before: number | undefined },
  ): Promise<{ reservation: Reservation; seq: number; now: Date }[]>;
  /**
   * Records the intents to confirm; one answer for each wish, in order. Without waiting, what
   * somebody else is changing is answered `locked`; with it, only what he keeps for long.
   */
  beginConfirm(wishes: readonly ConfirmWish[], options: ConfirmOptions): Promise<ConfirmIntent[]>;
  /**
   * Ends confirmations; the refused ones become expired. Resolves to what became of those that
   * were not refused; one that somebody else keeps is missing, and left to the sweeper.
   */
  endConfirm(outcome: ConfirmOutcome): Promise<Reservation[]>;
  /** Cancels. A repeat of the same request is a replay. */
  cancel(wish: {
    key: RequestKey;
    userId: string;
    /** How long after it was confirmed a reservation may be cancelled, in seconds. */
    confirmedWithinSeconds: number;
  }): Promise<{ reservation: Reservation; isReplay: boolean }>;
  /** The answer of an earlier extend with this key; throws when the key had another body. */
  findExtend(key: RequestKey): Promise<{ reservation: Reservation; now: Date } | undefined>;
  /** Moves the hold's end, unless something else moved the reservation since it was read. */
  extend(wish: {
    key: RequestKey;
    reservation: Reservation;
    expireTime: Date;
  }): Promise<{ reservation: Reservation; now: Date } | undefined>;
  /** Takes up to `limit` overdue reservations; other sweepers leave them alone for a while. */
  takeDue(limit: number): Promise<DueReservations>;
  /** Notes that units are given back; not of those that have left the given state since. */
  markReleased(ended: readonly Pick<Reservation, "id" | "state">[]): Promise<void>;
}

/** A reservation with this id exists already. */
export class DuplicateReservation extends Error {
  override readonly name = "DuplicateReservation";
}
