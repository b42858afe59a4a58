import type { Finder } from "@tessera/service-kit/finder";
import type { Lane } from "@tessera/service-kit/lane";
import { ServiceError } from "@tessera/service-kit/service-error";
import { extendLimit, holdExpired, illegalMove, requestInProgress } from "../domain/errors.ts";
import { EXTENDS_MAX, extendedExpireTime, type Reservation } from "../domain/reservation.ts";
import type { Ledger, LedgerCall } from "./ledger.ts";
import { getReservation } from "./read-reservations.ts";
import { requestKeyOf } from "./request-key.ts";
import type { FoundReservation, ReservationStore } from "./reservation-store.ts";

/** What extending needs. */
export interface ExtendDeps {
  store: ReservationStore;
  finder: Finder<FoundReservation>;
  /** Where changes of single reservations wait for each other. */
  changes: Lane;
  ledger: Ledger;
}

/**
 * Renews a hold. The ledger learns the new end first: a failure in between leaves the buyer's
 * hold where it was, and the ledger waiting longer than it needs to.
 * What waited until `deadline`, a performance.now() time, is not begun.
 */
export async function extendReservation(
  deps: ExtendDeps,
  request: { userId: string; requestId: string; reservationId: string },
  call: LedgerCall,
  deadline?: number,
): Promise<{ reservation: Reservation; now: Date; isReplay: boolean }> {
  const key = requestKeyOf("ExtendReservation", request);
  const earlier = await deps.changes.run(() => deps.store.findExtend(key), deadline);
  if (earlier !== undefined) {
    return { ...earlier, isReplay: true };
  }
  const { reservation, now } = await getReservation(deps.finder, request, deadline);
  const expireTime = checkedExpireTime(reservation, now);
  try {
    await deps.ledger.extend(reservation.id, expireTime, call);
  } catch (reason) {
    if (reason instanceof ServiceError && reason.reason === "ALLOCATION_NOT_HELD") {
      // Paid for or given back since it was looked at; whoever did that wrote it down first.
      const moved = await getReservation(deps.finder, request, deadline);
      checkedExpireTime(moved.reservation, moved.now);
      throw holdExpired(reservation.id);
    }
    throw reason;
  }
  const wish = { key, reservation, expireTime };
  const extended = await deps.changes.run(() => deps.store.extend(wish), deadline);
  if (extended === undefined) {
    // Somebody else moved it in the meantime: whoever asks again sees what became of it.
    throw requestInProgress(request.requestId, "the reservation was changed at the same moment");
  }
  return { ...extended, isReplay: false };
}

function checkedExpireTime(reservation: Reservation, now: Date): Date {
  if (reservation.state === "expired") {
    throw holdExpired(reservation.id);
  }
  if (reservation.state !== "held") {
    throw illegalMove(reservation, "held");
  }
  if (now >= reservation.expireTime) {
    throw holdExpired(reservation.id);
  }
  const expireTime = extendedExpireTime(reservation, now);
  if (reservation.extendCount >= EXTENDS_MAX || expireTime <= reservation.expireTime) {
    throw extendLimit(reservation.id);
  }
  return expireTime;
}
