import { withConnection } from "@tessera/service-kit/mysql";
import { isLockTimeout } from "@tessera/service-kit/mysql-failure";
import { textLiteral, timeLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import type {
  ConfirmIntent,
  ConfirmOptions,
  ConfirmOutcome,
  ConfirmWish,
} from "../app/reservation-store.ts";
import {
  notConfirmable,
  refundRequired,
  requestInProgress,
  reservationNotFound,
} from "../domain/errors.ts";
import {
  isLegalMove,
  isTooLate,
  type Reservation,
  type ReservationState,
} from "../domain/reservation.ts";
import { isReplay, keyInsert, type Locked, lockFor, lockingSelect } from "./locked-rows.ts";
import { outboxInsert } from "./outbox-rows.ts";
import { type ReservationRow, STATE_CODES, toReservation } from "./reservation-row.ts";

const OTHER_PAYMENT = "the reservation is being confirmed with another payment";

/** How long a confirmation may take before a sweeper finishes it, in seconds. */
const CONFIRM_PATIENCE_SECONDS = 5;

/** Does what `ReservationStore.beginConfirm` says, in one transaction. */
export function beginConfirm(
  pool: Pool,
  wishes: readonly ConfirmWish[],
  options: ConfirmOptions,
): Promise<ConfirmIntent[]> {
  return withConnection(pool, async (connection) => {
    const keys = wishes.map(({ key }) => key);
    const locked = await lockFor(connection, keys, options);
    const intents = wishes.map((wish) => intentOf(locked, wish, options));
    const moving = intents.flatMap((intent) =>
      intent.kind === "commit" && intent.reservation.state !== "confirming"
        ? [intent.reservation]
        : [],
    );
    const fresh = wishes.filter((_wish, index) => {
      const intent = intents[index];
      return intent !== undefined && "isReplay" in intent && intent.isReplay === false;
    });
    const statements: string[] = [];
    if (moving.length > 0) {
      const { now } = locked;
      statements.push(
        intentUpdate(moving, now),
        outboxInsert(movedTo("confirming", moving, now), now),
      );
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

function intentUpdate(moving: readonly Reservation[], now: Date): string {
  const cases = moving.map(
    ({ id, paymentReference }) => `WHEN ${uuidLiteral(id)} THEN ${textLiteral(paymentReference)}`,
  );
  // The rows are locked, and their states were checked under the lock.
  return `UPDATE reservation FORCE INDEX (reservation_id)
    SET state = ${STATE_CODES.confirming}, update_time = ${timeLiteral(now)},
        due_time = UTC_TIMESTAMP(3) + INTERVAL ${CONFIRM_PATIENCE_SECONDS} SECOND,
        payment_reference = CASE id ${cases.join(" ")} END
    WHERE id IN (${idsOf(moving)})
      AND state IN (${STATE_CODES.held}, ${STATE_CODES.expired})`;
}

function intentOf(
  locked: Locked,
  wish: ConfirmWish,
  { lateSeconds }: ConfirmOptions,
): ConfirmIntent {
  const { key, userId, paymentReference } = wish;
  if (locked.busy.has(key.reservationId)) {
    return { kind: "locked" };
  }
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
    // The payment was sent back, for good: so it is told again, not done again.
    if (isRepeated && reservation.state === "expired") {
      return { kind: "refused", error: refundRequired(reservation.id, true) };
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
      return { kind: "refused", error: notConfirmable(reservation, paymentReference) };
    }
    if (isTooLate(reservation, locked.now, lateSeconds)) {
      return { kind: "refused", error: refundRequired(reservation.id, false), isReplay: false };
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

/**
 * Ends a batch of confirmations, in one transaction. Resolves to those that are confirmed now.
 *
 * A row that somebody keeps is waited for in vain once, and then left out, to the sweeper.
 */
export async function endConfirm(pool: Pool, outcome: ConfirmOutcome): Promise<Reservation[]> {
  try {
    return await endOnce(pool, outcome, { isWaiting: true });
  } catch (reason) {
    if (isLockTimeout(reason)) {
      return await endOnce(pool, outcome, { isWaiting: false });
    }
    throw reason;
  }
}

function endOnce(
  pool: Pool,
  outcome: ConfirmOutcome,
  { isWaiting }: { isWaiting: boolean },
): Promise<Reservation[]> {
  const all = [...outcome.confirmed.map(({ reservation }) => reservation), ...outcome.refused];
  const ids = all.map(({ id }) => id).sort();
  return withConnection(pool, async (connection) => {
    const [[, ...results]] = await connection.query<RowDataPacket[][]>(
      `START TRANSACTION;
       ${lockingSelect(ids, isWaiting)};
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
    return outcome.confirmed.flatMap(
      ({ reservation, isReacquired }): Reservation | Reservation[] =>
        ended.has(reservation.id)
          ? { ...reservation, state: "confirmed", updateTime: now, isReacquired }
          : (current.get(reservation.id) ?? []),
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
  const time = timeLiteral(now);
  const kept = confirmed.map(({ reservation }) => reservation);
  const reacquired = confirmed.flatMap((one) => (one.isReacquired ? [one.reservation] : []));
  const statements: string[] = [];
  if (kept.length > 0) {
    statements.push(
      `UPDATE reservation FORCE INDEX (reservation_id)
       SET state = ${STATE_CODES.confirmed}, due_time = NULL,
         update_time = ${time}, confirm_time = ${time},
         is_reacquired = (id IN (${idsOf(reacquired)})) IS TRUE
       WHERE id IN (${idsOf(kept)}) AND state = ${STATE_CODES.confirming}`,
    );
  }
  if (refused.length > 0) {
    statements.push(
      `UPDATE reservation FORCE INDEX (reservation_id)
       SET state = ${STATE_CODES.expired}, update_time = ${time},
         payment_reference = NULL, due_time = NULL
       WHERE id IN (${idsOf(refused)}) AND state = ${STATE_CODES.confirming}`,
    );
  }
  if (statements.length > 0) {
    const moved = [...movedTo("confirmed", kept, now), ...movedTo("expired", refused, now)];
    statements.push(outboxInsert(moved, now));
  }
  await connection.query([...statements, "COMMIT"].join(";\n"));
}

function idsOf(reservations: readonly Reservation[]): string {
  return reservations.map(({ id }) => uuidLiteral(id)).join(", ") || "NULL";
}

function movedTo(
  state: ReservationState,
  reservations: readonly Reservation[],
  updateTime: Date,
): Reservation[] {
  return reservations.map((reservation) => ({ ...reservation, state, updateTime }));
}
