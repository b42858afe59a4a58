import { withConnection } from "@tessera/service-kit/mysql";
import {
  bytesLiteral,
  textLiteral,
  timeLiteral,
  uuidLiteral,
} from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import type { ConfirmIntent, ConfirmWish, RequestKey } from "../app/reservation-store.ts";
import {
  idempotencyKeyReused,
  illegalMove,
  requestInProgress,
  reservationNotFound,
} from "../domain/errors.ts";
import { isLegalMove, type Reservation } from "../domain/reservation.ts";
import { outboxInsert } from "./outbox-rows.ts";
import {
  RESERVATION_COLUMNS,
  type ReservationRow,
  STATE_CODES,
  toReservation,
} from "./reservation-row.ts";

const OTHER_PAYMENT = "the reservation is being confirmed with another payment";

/** How long a confirmation may take before a sweeper finishes it, in seconds. */
const CONFIRM_PATIENCE_SECONDS = 5;

/** Rows that a transaction has locked, and what is known of the requests for them. */
export interface Locked {
  now: Date;
  reservations: ReadonlyMap<string, Reservation>;
  rows: ReadonlyMap<string, ReservationRow>;
  keys: ReadonlyMap<string, { reservationId: string; bodyHash: Buffer; answer: string | null }>;
}

/**
 * Starts a transaction, locks reservations in id order, then reads the requests' keys and the
 * database's clock: one round trip. The caller's last statement is the COMMIT.
 */
export async function lockFor(
  connection: PoolConnection,
  keys: readonly RequestKey[],
): Promise<Locked> {
  const ids = [...new Set(keys.map(({ reservationId }) => reservationId))].sort();
  const [results] = await connection.query<RowDataPacket[][]>(
    `START TRANSACTION;
     SELECT ${RESERVATION_COLUMNS} FROM reservation
     WHERE id IN (${ids.map(uuidLiteral).join(", ")}) ORDER BY id FOR UPDATE;
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
  return {
    now: clock?.[0]?.now,
    reservations,
    rows,
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

/** Records the intents of a batch of confirmations, in one transaction. */
export function beginConfirm(pool: Pool, wishes: readonly ConfirmWish[]): Promise<ConfirmIntent[]> {
  return withConnection(pool, async (connection) => {
    const locked = await lockFor(
      connection,
      wishes.map(({ key }) => key),
    );
    const intents = wishes.map((wish) => intentOf(locked, wish));
    const moving = wishes.filter((_wish, index) => {
      const intent = intents[index];
      return intent?.kind === "commit" && intent.reservation.state !== "confirming";
    });
    const fresh = wishes.filter((_wish, index) => {
      const intent = intents[index];
      return intent !== undefined && intent.kind !== "refused" && !intent.isReplay;
    });
    const statements: string[] = [];
    if (moving.length > 0) {
      statements.push(intentUpdate(moving));
    }
    if (fresh.length > 0) {
      statements.push(
        keyInsert(
          fresh.map(({ key }) => key),
          locked.now,
        ),
      );
    }
    await connection.query([...statements, "COMMIT"].join(";\n"));
    return intents;
  });
}

function intentUpdate(moving: readonly ConfirmWish[]): string {
  const cases = moving.map(
    ({ key, paymentReference }) =>
      `WHEN ${uuidLiteral(key.reservationId)} THEN ${textLiteral(paymentReference)}`,
  );
  // The rows are locked, and their states were checked under the lock.
  return `UPDATE reservation
    SET state = ${STATE_CODES.confirming}, update_time = UTC_TIMESTAMP(3),
        due_time = UTC_TIMESTAMP(3) + INTERVAL ${CONFIRM_PATIENCE_SECONDS} SECOND,
        payment_reference = CASE id ${cases.join(" ")} END
    WHERE id IN (${moving.map(({ key }) => uuidLiteral(key.reservationId)).join(", ")})
      AND state IN (${STATE_CODES.held}, ${STATE_CODES.expired})`;
}

function intentOf(locked: Locked, wish: ConfirmWish): ConfirmIntent {
  const { key, userId, paymentReference } = wish;
  const reservation = locked.reservations.get(key.reservationId);
  if (reservation === undefined || reservation.userId !== userId) {
    return { kind: "refused", error: reservationNotFound(key.reservationId) };
  }
  try {
    const isRepeated = isReplay(locked, key);
    const isSamePayment = reservation.paymentReference === paymentReference;
    if (isRepeated && isSamePayment && hasConfirmed(locked, key.reservationId)) {
      return { kind: "confirmed", reservation: confirmedOf(locked, reservation), isReplay: true };
    }
    if (reservation.state === "confirmed" && isSamePayment) {
      return { kind: "confirmed", reservation: confirmedOf(locked, reservation), isReplay: false };
    }
    if (reservation.state === "confirming") {
      return isSamePayment
        ? { kind: "commit", reservation, isReplay: isRepeated }
        : { kind: "refused", error: requestInProgress(key.requestId, OTHER_PAYMENT) };
    }
    if (!isLegalMove(reservation.state, "confirming")) {
      return { kind: "refused", error: illegalMove(reservation, "confirmed") };
    }
    return {
      kind: "commit",
      reservation: { ...reservation, paymentReference },
      isReplay: isRepeated,
    };
  } catch (error) {
    return { kind: "refused", error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function hasConfirmed(locked: Locked, id: string): boolean {
  return locked.rows.get(id)?.confirm_time != null;
}

/** The reservation as it was when it was confirmed; a later cancel does not show. */
function confirmedOf(locked: Locked, reservation: Reservation): Reservation {
  const confirmTime = locked.rows.get(reservation.id)?.confirm_time ?? reservation.updateTime;
  return { ...reservation, state: "confirmed", updateTime: confirmTime };
}

/** Ends a batch of confirmations, in one transaction. Resolves to those that are confirmed now. */
export function endConfirm(
  pool: Pool,
  outcome: {
    confirmed: readonly { reservation: Reservation; isReacquired: boolean }[];
    refused: readonly Reservation[];
  },
): Promise<Reservation[]> {
  const all = [...outcome.confirmed.map(({ reservation }) => reservation), ...outcome.refused];
  const keys = all.map(({ id }) => id).sort();
  return withConnection(pool, async (connection) => {
    const [[, ...results]] = await connection.query<RowDataPacket[][]>(
      `START TRANSACTION;
       SELECT ${RESERVATION_COLUMNS} FROM reservation
       WHERE id IN (${keys.map(uuidLiteral).join(", ")}) ORDER BY id FOR UPDATE;
       SELECT UTC_TIMESTAMP(3) AS now`,
    );
    const now: Date = results[1]?.[0]?.now;
    const rows = (results[0] ?? []) as ReservationRow[];
    const current = new Map(rows.map((row) => [uuidFromBytes(row.id), toReservation(row)]));
    const isOpen = ({ id }: Reservation) => current.get(id)?.state === "confirming";
    // A rival (a resumer, a retry) may have ended some of them with the same outcome.
    const confirmed = outcome.confirmed.filter(({ reservation }) => isOpen(reservation));
    const refused = outcome.refused.filter(isOpen);
    await endOpen(connection, { confirmed, refused, now });
    const ended = new Set(confirmed.map(({ reservation }) => reservation.id));
    return outcome.confirmed.map(({ reservation, isReacquired }) =>
      ended.has(reservation.id)
        ? { ...reservation, state: "confirmed", updateTime: now, isReacquired }
        : (current.get(reservation.id) ?? reservation),
    );
  });
}

async function endOpen(
  connection: PoolConnection,
  open: {
    confirmed: readonly { reservation: Reservation; isReacquired: boolean }[];
    refused: readonly Reservation[];
    now: Date;
  },
): Promise<void> {
  const { confirmed, refused, now } = open;
  const idsOf = (list: readonly Reservation[]) =>
    list.map(({ id }) => uuidLiteral(id)).join(", ") || "NULL";
  const reacquired = confirmed.filter(({ isReacquired }) => isReacquired);
  const statements: string[] = [];
  const moved: Reservation[] = [];
  if (confirmed.length > 0) {
    statements.push(
      `UPDATE reservation SET state = ${STATE_CODES.confirmed}, due_time = NULL,
         update_time = ${timeLiteral(now)}, confirm_time = ${timeLiteral(now)},
         is_reacquired = (id IN (${idsOf(reacquired.map(({ reservation }) => reservation))})) IS TRUE
       WHERE id IN (${idsOf(confirmed.map(({ reservation }) => reservation))})
         AND state = ${STATE_CODES.confirming}`,
    );
    moved.push(
      ...confirmed.map(({ reservation }) => ({
        ...reservation,
        state: "confirmed" as const,
        updateTime: now,
      })),
    );
  }
  if (refused.length > 0) {
    statements.push(
      `UPDATE reservation SET state = ${STATE_CODES.expired}, update_time = ${timeLiteral(now)},
         payment_reference = NULL, due_time = NULL
       WHERE id IN (${idsOf(refused)}) AND state = ${STATE_CODES.confirming}`,
    );
    moved.push(
      ...refused.map((reservation) => ({
        ...reservation,
        state: "expired" as const,
        updateTime: now,
      })),
    );
  }
  if (moved.length > 0) {
    statements.push(outboxInsert(moved, now));
  }
  await connection.query([...statements, "COMMIT"].join(";\n"));
}
