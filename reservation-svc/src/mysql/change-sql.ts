import { QUERY_TIMEOUT_MS, withConnection } from "@tessera/service-kit/mysql";
import { timeLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import type { Pool, ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { RequestKey } from "../app/reservation-store.ts";
import {
  cancelNotAllowed,
  idempotencyKeyReused,
  illegalMove,
  requestInProgress,
  reservationNotFound,
} from "../domain/errors.ts";
import { isLegalMove, type Reservation } from "../domain/reservation.ts";
import { isReplay, keyInsert, type Locked, lockFor } from "./locked-rows.ts";
import { outboxInsert } from "./outbox-rows.ts";
import { STATE_CODES } from "./reservation-row.ts";

/** How long the giving back of units may take before a sweeper does it, in seconds. */
const RELEASE_PATIENCE_SECONDS = 2;

/** Cancels one reservation, in one transaction. */
export function cancel(
  pool: Pool,
  wish: { key: RequestKey; userId: string; confirmedWithinSeconds: number },
): Promise<{ reservation: Reservation; isReplay: boolean }> {
  const { key } = wish;
  return withConnection(pool, async (connection) => {
    const locked = await lockFor(connection, [key], { isWaiting: true });
    const reservation = locked.reservations.get(key.reservationId);
    if (reservation === undefined || reservation.userId !== wish.userId) {
      throw reservationNotFound(key.reservationId);
    }
    if (isReplay(locked, key)) {
      await connection.query("COMMIT");
      return { reservation, isReplay: true };
    }
    checkCancel(locked, reservation, wish);
    const cancelled = { ...reservation, state: "cancelled" as const, updateTime: locked.now };
    await connection.query(
      `UPDATE reservation SET state = ${STATE_CODES.cancelled},
         update_time = ${timeLiteral(locked.now)},
         due_time = ${timeLiteral(locked.now)} + INTERVAL ${RELEASE_PATIENCE_SECONDS} SECOND
       WHERE id = ${uuidLiteral(key.reservationId)}
         AND state IN (${STATE_CODES.held}, ${STATE_CODES.confirmed});
       ${keyInsert([key], locked.now)};
       ${outboxInsert([cancelled], locked.now)};
       COMMIT`,
    );
    return { reservation: cancelled, isReplay: false };
  });
}

function checkCancel(
  locked: Locked,
  reservation: Reservation,
  wish: { key: RequestKey; confirmedWithinSeconds: number },
): void {
  if (reservation.state === "confirming") {
    throw requestInProgress(wish.key.requestId, "the reservation is being confirmed");
  }
  if (!isLegalMove(reservation.state, "cancelled")) {
    throw illegalMove(reservation, "cancelled");
  }
  const confirmTime = locked.rows.get(reservation.id)?.confirm_time;
  const sinceMs = locked.now.getTime() - (confirmTime ?? locked.now).getTime();
  if (reservation.state === "confirmed" && sinceMs >= wish.confirmedWithinSeconds * 1000) {
    throw cancelNotAllowed(reservation.id);
  }
}

/** The answer of an earlier extend with this key. */
export async function findExtend(
  pool: Pool,
  key: RequestKey,
): Promise<{ reservation: Reservation; now: Date } | undefined> {
  const sql = `SELECT reservation_id, body_hash, answer FROM request_key
    WHERE key_id = ${uuidLiteral(key.keyId)}`;
  const [rows] = await withConnection(pool, (connection) =>
    connection.query<RowDataPacket[]>({ sql, timeout: QUERY_TIMEOUT_MS }),
  );
  const row = rows[0];
  if (row === undefined) {
    return undefined;
  }
  if (!key.bodyHash.equals(row.body_hash)) {
    throw idempotencyKeyReused(key.requestId);
  }
  return parseAnswer(row.answer);
}

/** Moves one hold's end; undefined when the reservation was moved since it was read. */
export function extend(
  pool: Pool,
  wish: { key: RequestKey; reservation: Reservation; expireTime: Date },
): Promise<{ reservation: Reservation; now: Date } | undefined> {
  const { key, reservation, expireTime } = wish;
  return withConnection(pool, async (connection) => {
    const locked = await lockFor(connection, [key], { isWaiting: true });
    // A rival with the same key was first; one with another body is told so here.
    if (isReplay(locked, key)) {
      await connection.query("ROLLBACK");
      return undefined;
    }
    const { now } = locked;
    const extended = {
      ...reservation,
      expireTime,
      updateTime: now,
      extendCount: reservation.extendCount + 1,
    };
    const [result] = await connection.query<ResultSetHeader>(
      `UPDATE reservation SET expire_time = ${timeLiteral(expireTime)},
         due_time = ${timeLiteral(expireTime)}, update_time = ${timeLiteral(now)},
         extend_count = extend_count + 1
       WHERE id = ${uuidLiteral(key.reservationId)} AND state = ${STATE_CODES.held}
         AND extend_count = ${reservation.extendCount}
         AND expire_time > ${timeLiteral(now)}`,
    );
    if (result.affectedRows === 0) {
      await connection.query("ROLLBACK");
      return undefined;
    }
    const answer = { reservation: extended, now };
    await connection.query(
      `${keyInsert([{ ...key, answer: JSON.stringify(answer) }], now)};
       ${outboxInsert([extended], now)};
       COMMIT`,
    );
    return answer;
  });
}

const TIMES = ["createTime", "firstExpireTime", "expireTime", "updateTime", "now"];

function parseAnswer(text: string): { reservation: Reservation; now: Date } {
  return JSON.parse(text, (name, value) => (TIMES.includes(name) ? new Date(value) : value));
}
