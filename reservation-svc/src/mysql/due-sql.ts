import { inTransaction } from "@tessera/service-kit/mysql";
import { integerLiteral, timeLiteral } from "@tessera/service-kit/sql-literal";
import type { Pool } from "mysql2/promise";
import type { DueReservations } from "../app/reservation-store.ts";
import type { Reservation, ReservationState } from "../domain/reservation.ts";
import { outboxInsert } from "./outbox-rows.ts";
import {
  RESERVATION_COLUMNS,
  type ReservationRow,
  STATE_CODES,
  toReservation,
} from "./reservation-row.ts";

/** For how long a sweeper has what it took to itself, in seconds. */
const SWEEP_LEASE_SECONDS = 5;

/** Takes overdue reservations, in one transaction: holds that are over become expired. */
export function takeDue(pool: Pool, limit: number): Promise<DueReservations> {
  return inTransaction(pool, async (connection) => {
    // Where most is due, an optimizer reads every row and sorts, and so locks all that is due.
    const [rows] = await connection.query<(ReservationRow & { now: Date })[]>(
      `SELECT ${RESERVATION_COLUMNS}, UTC_TIMESTAMP(3) AS now FROM reservation
       FORCE INDEX (reservation_due)
       WHERE due_time <= UTC_TIMESTAMP(3) ORDER BY due_time
       LIMIT ${integerLiteral(limit)} FOR UPDATE SKIP LOCKED`,
    );
    const now = rows[0]?.now ?? new Date(0);
    const due = rows.map(toReservation);
    if (due.length === 0) {
      return { expired: [], unreleased: [], confirming: [], lagMs: 0, now };
    }
    const inState = (...states: ReservationState[]) =>
      due.filter(({ state }) => states.includes(state));
    const expired = inState("held").map(
      (reservation): Reservation => ({ ...reservation, state: "expired", updateTime: now }),
    );
    const time = timeLiteral(now);
    const statements = [
      `UPDATE reservation
       SET due_time = ${time} + INTERVAL ${SWEEP_LEASE_SECONDS} SECOND,
           update_time = IF(state = ${STATE_CODES.held}, ${time}, update_time),
           state = IF(state = ${STATE_CODES.held}, ${STATE_CODES.expired}, state)
       WHERE seq IN (${rows.map(({ seq }) => integerLiteral(Number(seq))).join(", ")})`,
    ];
    if (expired.length > 0) {
      statements.push(outboxInsert(expired, now));
    }
    await connection.query(statements.join(";\n"));
    const oldest = rows[0]?.due_time ?? now;
    return {
      expired,
      unreleased: inState("cancelled", "expired"),
      confirming: inState("confirming"),
      lagMs: Math.max(0, now.getTime() - oldest.getTime()),
      now,
    };
  });
}
