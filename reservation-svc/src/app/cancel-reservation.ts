import { within } from "@tessera/service-kit/deadline";
import type { Reservation } from "../domain/reservation.ts";
import type { ReleaseUnits } from "./release-units.ts";
import { requestKeyOf } from "./request-key.ts";
import type { ReservationStore } from "./reservation-store.ts";

/** What cancelling needs. */
export interface CancelDeps {
  store: ReservationStore;
  releaseUnits: ReleaseUnits;
  /** How long after it was confirmed a reservation may be cancelled, in seconds. */
  confirmedWithinSeconds: number;
  /** How long the answer waits for the units to be back, in milliseconds. */
  releaseWaitMs: number;
  onReleaseFailure: (reason: unknown) => void;
}

/**
 * Cancels a reservation and gives its units back.
 *
 * Cancelled is cancelled, even if the ledger cannot be reached at once: a sweeper then gives the
 * units back.
 */
export async function cancelReservation(
  deps: CancelDeps,
  request: { userId: string; requestId: string; reservationId: string },
): Promise<{ reservation: Reservation; isReplay: boolean }> {
  const key = requestKeyOf("CancelReservation", request);
  const { confirmedWithinSeconds } = deps;
  const result = await deps.store.cancel({ key, userId: request.userId, confirmedWithinSeconds });
  if (!result.isReplay) {
    const release = deps.releaseUnits.release(result.reservation);
    await within(deps.releaseWaitMs, "giving units back", release).catch(deps.onReleaseFailure);
  }
  return result;
}
