import { ServiceError } from "@tessera/service-kit/service-error";
import {
  extendLimit,
  holdExpired,
  illegalMove,
  requestInProgress,
  reservationNotFound,
} from "../domain/errors.ts";
import { EXTENDS_MAX, extendedExpireTime, type Reservation } from "../domain/reservation.ts";
import type { Ledger, LedgerCall } from "./ledger.ts";
import { requestKeyOf } from "./request-key.ts";
import type { ReservationStore } from "./reservation-store.ts";

/**
 * Renews a hold. The ledger learns the new end first: a failure in between leaves the buyer's
 * hold where it was, and the ledger waiting longer than it needs to.
 */
export async function extendReservation(
  deps: { store: ReservationStore; ledger: Ledger },
  request: { userId: string; requestId: string; reservationId: string },
  call: LedgerCall,
): Promise<{ reservation: Reservation; now: Date; isReplay: boolean }> {
  const key = requestKeyOf("ExtendReservation", request);
  const earlier = await deps.store.findExtend(key);
  if (earlier !== undefined) {
    return { ...earlier, isReplay: true };
  }
  const found = (await deps.store.find([request.reservationId]))[0];
  if (found === undefined || found.reservation.userId !== request.userId) {
    throw reservationNotFound(request.reservationId);
  }
  const { reservation, now } = found;
  const expireTime = checkedExpireTime(reservation, now);
  try {
    await deps.ledger.extend(reservation.id, expireTime, call);
  } catch (reason) {
    throw reason instanceof ServiceError && reason.reason === "ALLOCATION_NOT_HELD"
      ? holdExpired(reservation.id)
      : reason;
  }
  const extended = await deps.store.extend({ key, reservation, expireTime });
  if (extended === undefined) {
    // Somebody else moved it in the meantime: whoever asks again sees what became of it.
    throw requestInProgress(request.requestId);
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
