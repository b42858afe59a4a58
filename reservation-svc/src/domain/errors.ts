import { ServiceError } from "@tessera/service-kit/service-error";
import { EXTENDS_MAX, type Reservation, type ReservationState } from "./reservation.ts";

/** There is no such reservation, or it is somebody else's: the two look alike. */
export function reservationNotFound(reservationId: string): ServiceError {
  return new ServiceError("RESERVATION_NOT_FOUND", `no reservation ${reservationId}`, {
    metadata: { reservationId },
  });
}

/** The reservation's state does not allow the move. */
export function illegalMove(reservation: Reservation, to: ReservationState): ServiceError {
  const { id, state } = reservation;
  return new ServiceError("ILLEGAL_MOVE", `a ${state} reservation cannot become ${to}`, {
    metadata: { reservationId: id, state: state.toUpperCase() },
  });
}

/** The hold is over and its units are not to be had again: a payment must be refunded. */
export function holdExpired(reservationId: string): ServiceError {
  return new ServiceError("HOLD_EXPIRED", "the hold has expired", {
    metadata: { reservationId, refundRequired: "true" },
  });
}

/** The policy says that it is too late to cancel a confirmed reservation. */
export function cancelNotAllowed(reservationId: string): ServiceError {
  return new ServiceError("CANCEL_NOT_ALLOWED", "it is too late to cancel this reservation", {
    metadata: { reservationId },
  });
}

/** The hold was extended as often, or as far, as is allowed. */
export function extendLimit(reservationId: string): ServiceError {
  return new ServiceError(
    "EXTEND_LIMIT",
    `a hold is extended ${EXTENDS_MAX} times and up to 2 hours at most`,
    { metadata: { reservationId } },
  );
}

/** The same request id came with another body before. */
export function idempotencyKeyReused(requestId: string): ServiceError {
  return new ServiceError(
    "IDEMPOTENCY_KEY_REUSED",
    "the request id was used for a request with another body",
    { metadata: { requestId } },
  );
}

/** The first request with this id is still running. */
export function requestInProgress(requestId: string): ServiceError {
  return new ServiceError("REQUEST_IN_PROGRESS", "the first request with this id is running", {
    metadata: { requestId },
  });
}

/** Nothing is left of a ticket type. */
export function soldOut(ticketTypeId: string): ServiceError {
  return new ServiceError("SOLD_OUT", "not enough units are left", { metadata: { ticketTypeId } });
}
