import { isoTime } from "@tessera/service-kit/iso-time";
import { textLiteral, timeLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import type { Reservation } from "../domain/reservation.ts";

/** The statement that records moves in the outbox, in the transaction that makes them. */
export function outboxInsert(moved: readonly Reservation[], now: Date): string {
  const time = timeLiteral(now);
  const rows = moved.map(
    (reservation) =>
      `(${uuidLiteral(reservation.id)}, ${textLiteral(payloadOf(reservation))}, ${time})`,
  );
  return `INSERT INTO outbox (reservation_id, payload, create_time) VALUES ${rows.join(", ")}`;
}

/** What consumers of the event stream get to read: the reservation after the move. */
function payloadOf(reservation: Reservation): string {
  const { id, eventId, userId, state, items, totalMinor, currency } = reservation;
  return JSON.stringify({
    reservationId: id,
    eventId,
    userId,
    state: state.toUpperCase(),
    items,
    total: { amount: totalMinor, currency },
    expireTime: isoTime(reservation.expireTime),
    time: isoTime(reservation.updateTime),
  });
}
