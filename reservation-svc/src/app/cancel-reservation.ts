import { within } from "@tessera/service-kit/deadline";
import type { Lane } from "@tessera/service-kit/lane";
import type { Reservation } from "../domain/reservation.ts";
import type { ReleaseUnits } from "./release-units.ts";
import { requestKeyOf } from "./request-key.ts";
import type { ReservationStore } from "./reservation-store.ts";

/** What cancelling needs. */
export interface CancelDeps {
  store: ReservationStore;
  /** Where changes of single reservations wait for each other. */
  changes: Lane;
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
 * units back. Not begun once it is `deadline`, a performance.now() time.
 */
export async function cancelReservation(
  deps: CancelDeps,
  request: { userId: string; requestId: string; reservationId: string },
  deadline?: number,
): Promise<{ reservation: Reservation; isReplay: boolean }> {
  const key = requestKeyOf("CancelReservation", request);
  const { confirmedWithinSeconds } = deps;
  const wish = { key, userId: request.userId, confirmedWithinSeconds };
  const result = await deps.changes.run(() => deps.store.cancel(wish), deadline);
  if (!result.isReplay) {
    const release = deps.releaseUnits.release(result.reservation);
    await within(deps.releaseWaitMs, "giving units back", release).catch(deps.onReleaseFailure);
  }
  return result;
}
