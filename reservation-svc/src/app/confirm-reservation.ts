import { Batcher } from "@tessera/service-kit/batcher";
import { ServiceError } from "@tessera/service-kit/service-error";
import { notConfirmable, refundRequired, requestInProgress } from "../domain/errors.ts";
import type { Reservation } from "../domain/reservation.ts";
import type { Ledger, StockLevels } from "./ledger.ts";
import { requestKeyOf } from "./request-key.ts";
import type { ConfirmIntent, ConfirmWish, ReservationStore } from "./reservation-store.ts";

/** One buyer's payment. */
export interface ConfirmRequest {
  requestId: string;
  userId: string;
  reservationId: string;
  paymentReference: string;
}

/** A confirmed reservation. */
export interface Confirmed {
  reservation: Reservation;
  isReplay: boolean;
}

/** What confirming needs. */
export interface ConfirmDeps {
  store: ReservationStore;
  ledger: Ledger;
  onStock: (stock: StockLevels) => void;
  maxBatch: number;
  maxInFlight: number;
  maxQueue: number;
  /** How long a call to the ledger may take, in milliseconds. */
  ledgerTimeoutMs: number;
  /** How long after its hold's end an expired reservation may be confirmed, in seconds. */
  lateSeconds: number;
}

/** Refusals of the ledger that mean: the units are gone, and the payment must go back. */
const GONE = new Set<string>([
  "SOLD_OUT",
  "LIMIT_EXCEEDED",
  "ALLOCATION_NOT_FOUND",
  "ALLOCATION_NOT_HELD",
]);

/**
 * Confirms reservations, many at a time, in three steps: record the intent, which stops expiry
 * for a bounded time; commit in the ledger; record the end. Each step can be repeated, so a
 * crash between any two is finished by a retry or by the sweeper.
 */
export class ConfirmReservation {
  readonly #deps: ConfirmDeps;
  readonly #running = new Set<string>();
  readonly #batcher: Batcher<ConfirmWish, Confirmed | "locked">;
  /** What somebody else is changing: each waits by itself, so that no neighbour has to. */
  readonly #waiting: Batcher<ConfirmWish, Confirmed | "locked">;

  constructor(deps: ConfirmDeps) {
    this.#deps = deps;
    const name = "the confirm queue";
    const run = (isWaiting: boolean) => (all: readonly ConfirmWish[]) => this.#run(all, isWaiting);
    this.#batcher = new Batcher({ name, run: run(false), ...deps });
    this.#waiting = new Batcher({ name, run: run(true), ...deps, maxBatch: 1 });
  }

  /** How many confirmations wait. */
  get depth(): number {
    return this.#batcher.depth + this.#waiting.depth;
  }

  /**
   * Confirms, or throws the reason why not; a repeat resolves to the same reservation. What still
   * waits at `deadline`, a performance.now() time, is not begun.
   */
  async confirm(request: ConfirmRequest, deadline: number): Promise<Confirmed> {
    const { requestId, userId, reservationId, paymentReference } = request;
    const key = requestKeyOf("ConfirmReservation", { ...request, body: paymentReference });
    if (this.#running.has(reservationId) || this.#running.has(key.keyId)) {
      throw requestInProgress(requestId, "the reservation is being confirmed");
    }
    this.#running.add(reservationId).add(key.keyId);
    const wish = { key, userId, paymentReference };
    try {
      const first = await this.#batcher.submit(wish, deadline);
      const answer = first === "locked" ? await this.#waiting.submit(wish, deadline) : first;
      if (answer === "locked") {
        throw requestInProgress(requestId, "the reservation is being changed");
      }
      return answer;
    } finally {
      this.#running.delete(reservationId);
      this.#running.delete(key.keyId);
    }
  }

  /** Finishes confirmations that were left in the middle. */
  async resume(reservations: readonly Reservation[]): Promise<void> {
    if (reservations.length > 0) {
      await this.#finish(reservations);
    }
  }

  async #run(
    wishes: readonly ConfirmWish[],
    isWaiting: boolean,
  ): Promise<(Confirmed | "locked" | Error)[]> {
    const { store, lateSeconds } = this.#deps;
    const intents = await store.beginConfirm(wishes, { isWaiting, lateSeconds });
    const open = intents.flatMap((intent) =>
      intent.kind === "commit" ? [intent.reservation] : [],
    );
    const finished = open.length > 0 ? await this.#finish(open) : new Map();
    return intents.map((intent) => answerOf(intent, finished));
  }

  /** Commits in the ledger and records the end; one answer for each reservation, by id. */
  async #finish(open: readonly Reservation[]): Promise<Map<string, Reservation | "gone" | Error>> {
    const { ledger, store, onStock, ledgerTimeoutMs } = this.#deps;
    const { answers, stocks } = await ledger.commit(open, { timeoutMs: ledgerTimeoutMs });
    for (const stock of stocks) {
      onStock(stock);
    }
    const result = new Map<string, Reservation | "gone" | Error>();
    const confirmed: { reservation: Reservation; isReacquired: boolean }[] = [];
    const refused: Reservation[] = [];
    for (const [index, reservation] of open.entries()) {
      const answer = answers[index];
      if (answer === undefined) {
        result.set(reservation.id, new Error("the ledger answered too few commits"));
      } else if (!(answer instanceof ServiceError)) {
        confirmed.push({ reservation, isReacquired: answer.isReacquired });
      } else if (GONE.has(answer.reason)) {
        refused.push(reservation);
        result.set(reservation.id, "gone");
      } else {
        result.set(reservation.id, answer);
      }
    }
    if (confirmed.length + refused.length > 0) {
      const paid = new Map(open.map(({ id, paymentReference }) => [id, paymentReference]));
      for (const reservation of await store.endConfirm({ confirmed, refused })) {
        const { id, state } = reservation;
        result.set(
          id,
          state === "confirmed" ? reservation : notConfirmable(reservation, paid.get(id) ?? ""),
        );
      }
    }
    return result;
  }
}

function answerOf(
  intent: ConfirmIntent,
  finished: ReadonlyMap<string, Reservation | "gone" | Error>,
): Confirmed | "locked" | Error {
  if (intent.kind === "refused") {
    return intent.error;
  }
  if (intent.kind === "locked") {
    return intent.kind;
  }
  const { reservation, isReplay } = intent;
  // What is missing is confirmed in the ledger, and somebody keeps its row: a repeat waits for him.
  const end = intent.kind === "confirmed" ? reservation : finished.get(reservation.id);
  if (end === "gone") {
    return refundRequired(reservation.id, isReplay);
  }
  return end instanceof Error || end === undefined
    ? (end ?? "locked")
    : { reservation: end, isReplay };
}
