import { ServiceError } from "@tessera/service-kit/service-error";
import { EXTENDS_MAX, type Reservation, type ReservationState } from "./reservation.ts";
import type { Sale } from "./waiting-room.ts";

/** Throws, where an expression is wanted. */
export function refuse(reason: unknown): never {
  throw reason;
}

/** There is no such reservation, or it is somebody else's: the two look alike. */
export function reservationNotFound(reservationId: string): ServiceError {
  return new ServiceError("RESERVATION_NOT_FOUND", `no reservation ${reservationId}`, {
    metadata: { reservationId },
  });
}

/** The reservation's state does not allow the move. */
export function illegalMove(reservation: Reservation, to: ReservationState): ServiceError {
  const { id, state } = reservation;
  return new ServiceError("ILLEGAL_MOVE", `a reservation that is ${state} cannot become ${to}`, {
    metadata: { reservationId: id, state: state.toUpperCase() },
  });
}

/** It cannot be confirmed any more: a payment that is not the one it was confirmed with must be refunded. */
export function notConfirmable(reservation: Reservation, paymentReference: string): ServiceError {
  const refusal = illegalMove(reservation, "confirmed");
  if (reservation.paymentReference === paymentReference) {
    return refusal;
  }
  const isPaid = reservation.state === "confirmed";
  const message = isPaid ? "the reservation was confirmed with another payment" : refusal.message;
  const metadata = { ...refusal.metadata, refundRequired: "true" };
  return new ServiceError("ILLEGAL_MOVE", message, { metadata });
}

/** The hold is over. Whether its units are to be had again, a confirmation finds out. */
export function holdExpired(reservationId: string): ServiceError {
  return new ServiceError("HOLD_EXPIRED", "the hold has expired", { metadata: { reservationId } });
}

/** The hold is over, its units or its time to pay are gone: a payment must be refunded. A replay says that it is one. */
export function refundRequired(reservationId: string, isReplay: boolean): ServiceError {
  return new ServiceError("HOLD_EXPIRED", "the hold has expired, and the payment came too late", {
    metadata: { reservationId, refundRequired: "true", ...(isReplay && { replayed: "true" }) },
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

/** The first request with this id is still running, or another one that this one must wait for. */
export function requestInProgress(
  requestId: string,
  running = "the first request with this id is running",
): ServiceError {
  return new ServiceError("REQUEST_IN_PROGRESS", running, { metadata: { requestId } });
}

/** Nothing is left of a ticket type. */
export function soldOut(ticketTypeId: string): ServiceError {
  return new ServiceError("SOLD_OUT", "not enough units are left", { metadata: { ticketTypeId } });
}

/** Everybody may buy at any time, or the sale is so long over that its draw is forgotten. */
export function noWaitingRoom(eventId: string): ServiceError {
  return new ServiceError("NO_WAITING_ROOM", `event ${eventId} has no waiting room`, {
    metadata: { eventId },
  });
}

/** The sale is over, and nobody had joined before it opened, or that is too long ago. */
export function drawNotKept(eventId: string): ServiceError {
  return new ServiceError("NO_WAITING_ROOM", "there was no draw, or it is not kept any more", {
    metadata: { eventId },
  });
}

/** The caller has no place, or used it up. */
export function placeNotFound(eventId: string): ServiceError {
  return new ServiceError("PLACE_NOT_FOUND", "no place in the event's waiting room", {
    metadata: { eventId },
  });
}

/** The caller has a place, and no number: only who was there at the opening was drawn. */
export function notDrawn(eventId: string): ServiceError {
  return new ServiceError("PLACE_NOT_FOUND", "you joined after the draw: there is no number", {
    metadata: { eventId },
  });
}

/** The sale is over. */
export function salesClosed({ eventId, openTime, closeTime }: Sale): ServiceError {
  return new ServiceError("SALES_CLOSED", "the sale is over", {
    metadata: {
      eventId,
      salesOpenTime: openTime.toISOString(),
      salesCloseTime: closeTime.toISOString(),
    },
  });
}

/** As many people are in the waiting room as it holds. */
export function waitingRoomFull(eventId: string): ServiceError {
  return new ServiceError("WAITING_ROOM_FULL", "the waiting room is full", {
    metadata: { eventId },
  });
}

/** The waiting room's store does not answer, and without it nobody is let in. */
export function waitingRoomUnavailable(eventId: string, cause: unknown): ServiceError {
  return new ServiceError("WAITING_ROOM_UNAVAILABLE", "the waiting room does not answer", {
    metadata: { eventId },
    cause,
  });
}

/** The sale has not opened. */
export function drawNotYet({ eventId, openTime }: { eventId: string; openTime: Date }) {
  return new ServiceError("DRAW_NOT_YET", "the draw takes place when the sale opens", {
    metadata: { eventId, drawTime: openTime.toISOString() },
  });
}

/** The event has a waiting room, and the buyer shows no pass. */
export function passRequired(eventId: string): ServiceError {
  return new ServiceError("PASS_REQUIRED", "join the event's waiting room first", {
    metadata: { eventId },
  });
}

/** The pass is signed, and the waiting room knows nothing of it: its place was given up. */
export function passUnknown(eventId: string): ServiceError {
  return new ServiceError("PASS_INVALID", "the pass's place was given up", {
    metadata: { eventId },
  });
}

/** The pass was good, and its time is over. */
export function passExpired(eventId: string): ServiceError {
  return new ServiceError("PASS_EXPIRED", "the pass has expired", { metadata: { eventId } });
}

/** Another reservation was made with the pass. */
export function passUsed(eventId: string): ServiceError {
  return new ServiceError("PASS_USED", "another reservation was made with the pass", {
    metadata: { eventId },
  });
}
