import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  Reservation_State,
  type ReservationSchema,
} from "@tessera/proto/reservation/v1/reservation_pb";
import type { Reservation, ReservationState } from "../domain/reservation.ts";

const STATE_MESSAGES: Readonly<Record<ReservationState, Reservation_State>> = {
  held: Reservation_State.HELD,
  confirming: Reservation_State.CONFIRMING,
  confirmed: Reservation_State.CONFIRMED,
  cancelled: Reservation_State.CANCELLED,
  expired: Reservation_State.EXPIRED,
};

/** A reservation as the contract has it. */
export function toMessage(reservation: Reservation): MessageInitShape<typeof ReservationSchema> {
  const { id, eventId, userId, items, extendCount, paymentReference } = reservation;
  return {
    id,
    eventId,
    userId,
    state: STATE_MESSAGES[reservation.state],
    items: [...items],
    total: {
      amountMinor: BigInt(reservation.totalMinor),
      currencyCode: reservation.currency,
    },
    expireTime: timestampFromDate(reservation.expireTime),
    createTime: timestampFromDate(reservation.createTime),
    updateTime: timestampFromDate(reservation.updateTime),
    paymentReference,
    extendCount,
  };
}
