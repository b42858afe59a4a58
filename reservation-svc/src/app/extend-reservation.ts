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
  const { reservation, now } = await find(deps.store, request);
  const expireTime = checkedExpireTime(reservation, now);
  try {
    await deps.ledger.extend(reservation.id, expireTime, call);
  } catch (reason) {
    if (reason instanceof ServiceError && reason.reason === "ALLOCATION_NOT_HELD") {
      // Paid for or given back since it was looked at; whoever did that wrote it down first.
      const moved = await find(deps.store, request);
      checkedExpireTime(moved.reservation, moved.now);
      throw holdExpired(reservation.id);
    }
    throw reason;
  }
  const extended = await deps.store.extend({ key, reservation, expireTime });
  if (extended === undefined) {
    // Somebody else moved it in the meantime: whoever asks again sees what became of it.
    throw requestInProgress(request.requestId, "the reservation was changed at the same moment");
  }
  return { ...extended, isReplay: false };
}

async function find(
  store: ReservationStore,
  { userId, reservationId }: { userId: string; reservationId: string },
): Promise<{ reservation: Reservation; now: Date }> {
  const [found] = await store.find([reservationId]);
  if (found === undefined || found.reservation.userId !== userId) {
    throw reservationNotFound(reservationId);
  }
  return found;
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
