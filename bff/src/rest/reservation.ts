import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Reservation, Reservation_State } from "@tessera/proto/reservation/v1/reservation_pb";
import type {
  ConfirmReservationEntry,
  CreateReservationEntry,
} from "@tessera/proto/reservation/v1/reservation_service_pb";
import { ObjectReader } from "../http/object-reader.ts";
import { restMoney } from "./money.ts";
import { PRINTABLE_ASCII } from "./patterns.ts";
import { restTime } from "./timestamps.ts";

const STATES: Readonly<Record<Reservation_State, string>> = {
  [Reservation_State.UNSPECIFIED]: "UNSPECIFIED",
  [Reservation_State.HELD]: "HELD",
  [Reservation_State.CONFIRMING]: "CONFIRMING",
  [Reservation_State.CONFIRMED]: "CONFIRMED",
  [Reservation_State.CANCELLED]: "CANCELLED",
  [Reservation_State.EXPIRED]: "EXPIRED",
};

const ITEM = ["ticketTypeId", "quantity"] as const;

/** What a buyer wishes. Throws MALFORMED_BODY or INVALID_FIELD. */
export function parseCreateReservation(
  body: unknown,
  who: { requestId: string; userId: string },
): CreateReservationEntry {
  const reader = ObjectReader.ofBody(body, ["eventId", "items"]);
  const eventId = reader.uuid("eventId");
  const items = reader.list("items", { min: 1, max: 20, known: ITEM }, (item) => ({
    $typeName: "tessera.reservation.v1.ReservationItem" as const,
    ticketTypeId: item.uuid("ticketTypeId"),
    quantity: item.integer("quantity", { min: 1, max: 100 }),
  }));
  reader.finish();
  const { requestId, userId } = who;
  const $typeName = "tessera.reservation.v1.CreateReservationEntry";
  return { $typeName, requestId, userId, eventId, items, admissionPass: "" };
}

/** What a buyer paid for. Throws MALFORMED_BODY or INVALID_FIELD. */
export function parseConfirmReservation(
  body: unknown,
  who: { requestId: string; userId: string; reservationId: string },
): ConfirmReservationEntry {
  const reader = ObjectReader.ofBody(body, ["paymentReference"]);
  const bounds = { min: 1, max: 255, pattern: PRINTABLE_ASCII };
  const paymentReference = reader.text("paymentReference", bounds);
  reader.finish();
  const { requestId, userId, reservationId } = who;
  const $typeName = "tessera.reservation.v1.ConfirmReservationEntry";
  return { $typeName, requestId, userId, reservationId, paymentReference };
}

/**
 * A reservation as it was when it was made. Its own time is the server's, so that a repeated
 * request gets the very same body.
 */
export function createdReservation(reservation: Reservation) {
  return { ...claim(reservation), serverTime: restTime(reservation.createTime) };
}

/** A reservation as it is now, at `serverTime` if that is known. */
export function currentReservation(reservation: Reservation, serverTime?: Timestamp) {
  const { paymentReference, extendCount } = reservation;
  return {
    ...claim(reservation),
    extendCount,
    ...(paymentReference === "" ? {} : { paymentReference }),
    createdAt: restTime(reservation.createTime),
    updatedAt: restTime(reservation.updateTime),
    ...(serverTime === undefined ? {} : { serverTime: restTime(serverTime) }),
  };
}

function claim({ id, eventId, state, items, total, expireTime }: Reservation) {
  return {
    id,
    eventId,
    state: STATES[state],
    items: items.map(({ ticketTypeId, quantity }) => ({ ticketTypeId, quantity })),
    total: restMoney(total),
    ...(state === Reservation_State.HELD ? { expiresAt: restTime(expireTime) } : {}),
  };
}
