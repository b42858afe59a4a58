import {
  bytesLiteral,
  textLiteral,
  timeLiteral,
  uuidLiteral,
} from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import type { RequestKey } from "../app/reservation-store.ts";
import { idempotencyKeyReused } from "../domain/errors.ts";
import type { Reservation } from "../domain/reservation.ts";
import { RESERVATION_COLUMNS, type ReservationRow, toReservation } from "./reservation-row.ts";

/** Rows that a transaction has locked, and what is known of the requests for them. */
export interface Locked {
  now: Date;
  reservations: ReadonlyMap<string, Reservation>;
  rows: ReadonlyMap<string, ReservationRow>;
  /** Reservations that somebody else has locked, where they were not waited for. */
  busy: ReadonlySet<string>;
  keys: ReadonlyMap<string, { reservationId: string; bodyHash: Buffer; answer: string | null }>;
}

/** The locking read of reservations by id; without waiting it leaves out what somebody else has. */
export function lockingSelect(ids: readonly string[], isWaiting: boolean): string {
  // Of a small table an optimizer reads every row, and then locks or awaits every row.
  return `SELECT ${RESERVATION_COLUMNS} FROM reservation FORCE INDEX (reservation_id)
    WHERE id IN (${ids.map(uuidLiteral).join(", ")}) ORDER BY id
    FOR UPDATE ${isWaiting ? "" : "SKIP LOCKED"}`;
}

/**
 * Starts a transaction, locks reservations in id order, then reads the requests' keys and the
 * database's clock: one round trip, and a second one where a reservation was left out. The
 * caller's last statement is the COMMIT.
 */
export async function lockFor(
  connection: PoolConnection,
  keys: readonly RequestKey[],
  { isWaiting }: { isWaiting: boolean },
): Promise<Locked> {
  const ids = [...new Set(keys.map(({ reservationId }) => reservationId))].sort();
  const [results] = await connection.query<RowDataPacket[][]>(
    `START TRANSACTION;
     ${lockingSelect(ids, isWaiting)};
     SELECT key_id, reservation_id, body_hash, answer FROM request_key
     WHERE key_id IN (${keys.map(({ keyId }) => uuidLiteral(keyId)).join(", ")});
     SELECT UTC_TIMESTAMP(3) AS now`,
  );
  const [, found, known, clock] = results;
  const rows = new Map<string, ReservationRow>();
  const reservations = new Map<string, Reservation>();
  for (const row of (found ?? []) as ReservationRow[]) {
    const reservation = toReservation(row);
    rows.set(reservation.id, row);
    reservations.set(reservation.id, reservation);
  }
  const missing = isWaiting ? [] : ids.filter((id) => !rows.has(id));
  return {
    now: clock?.[0]?.now,
    reservations,
    rows,
    busy: await existing(connection, missing),
    keys: new Map(
      (known ?? []).map((row) => [
        uuidFromBytes(row.key_id),
        {
          reservationId: uuidFromBytes(row.reservation_id),
          bodyHash: row.body_hash,
          answer: row.answer,
        },
      ]),
    ),
  };
}

/** Which of these reservations there are, whoever has them locked. */
async function existing(
  connection: PoolConnection,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) {
    return new Set();
  }
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT id FROM reservation FORCE INDEX (reservation_id)
     WHERE id IN (${ids.map(uuidLiteral).join(", ")})`,
  );
  return new Set(rows.map(({ id }) => uuidFromBytes(id)));
}

/** True when the key is known, with this body; throws when it came with another. */
export function isReplay(locked: Locked, key: RequestKey): boolean {
  const known = locked.keys.get(key.keyId);
  if (known === undefined) {
    return false;
  }
  if (known.reservationId !== key.reservationId || !known.bodyHash.equals(key.bodyHash)) {
    throw idempotencyKeyReused(key.requestId);
  }
  return true;
}

/** The statement that remembers requests. */
export function keyInsert(keys: readonly (RequestKey & { answer?: string })[], now: Date): string {
  const rows = keys.map(
    ({ keyId, reservationId, bodyHash, answer }) =>
      `(${uuidLiteral(keyId)}, ${uuidLiteral(reservationId)}, ${bytesLiteral(bodyHash)}, ` +
      `${answer === undefined ? "NULL" : textLiteral(answer)}, ${timeLiteral(now)})`,
  );
  return `INSERT INTO request_key (key_id, reservation_id, body_hash, answer, create_time)
          VALUES ${rows.join(", ")}`;
}
