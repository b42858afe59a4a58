import { setTimeout } from "node:timers/promises";
import type { Reservation } from "../domain/reservation.ts";
import type { ConfirmReservation } from "./confirm-reservation.ts";
import type { ReleaseUnits } from "./release-units.ts";
import type { ReservationStore } from "./reservation-store.ts";

/** What a sweep tells of what it took. */
export interface SweptBatch {
  expired: number;
  resumed: number;
  /** How overdue the oldest was, in seconds. */
  lagSeconds: number;
  /** For how long each confirmation has been open, in seconds. */
  confirmingAges: readonly number[];
  /** For how long the units of each ended reservation have not been given back, in seconds. */
  unreleasedAges: readonly number[];
}

/** What a sweep needs. */
export interface SweepDeps {
  store: ReservationStore;
  releaseUnits: ReleaseUnits;
  confirmReservation: ConfirmReservation;
  /** Reservations taken at a time. */
  batchSize: number;
  onBatch: (batch: SweptBatch) => void;
}

/** Batches that may fail before a round ends: those of one event may come before all others'. */
const MAX_FAILURES = 20;

/** How long a sweep rests after a full batch, as a share of what the batch took … */
const REST_SHARE = 0.5;
/** … and in milliseconds, at most. */
const REST_MAX_MS = 250;

/**
 * One round: expires holds that are over and gives their units back, finishes confirmations
 * and releases that were left in the middle, until nothing is overdue or `isStopped`.
 *
 * Every replica sweeps; what one has taken the others skip. What fails comes up again a few seconds
 * later, behind what is due by then; the round goes on without it, and rejects in the end. When much
 * is overdue at once, a sweep works for two thirds of the time only: those who buy meanwhile share the
 * stores with it.
 */
export async function sweep(deps: SweepDeps, isStopped: () => boolean): Promise<void> {
  const { store, releaseUnits, confirmReservation, batchSize } = deps;
  const failures: unknown[] = [];
  let isMore = true;
  while (isMore && !isStopped()) {
    const startTime = performance.now();
    const { expired, unreleased, confirming, lagMs, now } = await store.takeDue(batchSize);
    const ageOf = ({ updateTime }: Reservation) => (now.getTime() - updateTime.getTime()) / 1000;
    const taken = expired.length + unreleased.length + confirming.length;
    deps.onBatch({
      expired: expired.length,
      resumed: confirming.length + unreleased.length,
      lagSeconds: lagMs / 1000,
      confirmingAges: confirming.map(ageOf),
      unreleasedAges: unreleased.map(ageOf),
    });
    // One that fails must not keep the other from being done.
    const done = await Promise.allSettled([
      releaseUnits.releaseAll([...expired, ...unreleased]),
      confirmReservation.resume(confirming),
    ]);
    failures.push(...done.flatMap((one) => (one.status === "rejected" ? [one.reason] : [])));
    isMore = taken === batchSize && failures.length < MAX_FAILURES;
    if (isMore) {
      await setTimeout(Math.min(REST_MAX_MS, REST_SHARE * (performance.now() - startTime)));
    }
  }
  if (failures.length > 0) {
    throw failures[0];
  }
}
