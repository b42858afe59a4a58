import { QUERY_TIMEOUT_MS, transact, withConnection } from "@tessera/service-kit/mysql";
import { isDuplicate, isLockTimeout } from "@tessera/service-kit/mysql-failure";
import {
  bytesLiteral,
  integerLiteral,
  textLiteral,
  timeLiteral,
  uuidLiteral,
} from "@tessera/service-kit/sql-literal";
import type { Pool } from "mysql2/promise";
import {
  type ConfirmIntent,
  type ConfirmOptions,
  type ConfirmOutcome,
  type ConfirmWish,
  DuplicateReservation,
  type FoundReservation,
  type NewReservation,
  type RequestKey,
  type ReservationStore,
} from "../app/reservation-store.ts";
import type { Reservation } from "../domain/reservation.ts";
import { cancel, extend, findExtend } from "./change-sql.ts";
import { beginConfirm, endConfirm } from "./confirm-sql.ts";
import { takeDue } from "./due-sql.ts";
import { outboxInsert } from "./outbox-rows.ts";
import {
  formatItems,
  RESERVATION_COLUMNS,
  type ReservationRow,
  STATE_CODES,
  toReservation,
} from "./reservation-row.ts";

/** Reservations in MySQL, by plain SQL: few round trips, many rows each. */
export class MysqlReservationStore implements ReservationStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async find(ids: readonly string[]): Promise<ReadonlyMap<string, FoundReservation>> {
    const found = await this.#read(`WHERE id IN (${ids.map(uuidLiteral).join(", ")})`);
    return new Map(found.map((one) => [one.reservation.id, one]));
  }

  list(userId: string, { size, before }: { size: number; before: number | undefined }) {
    const below = before === undefined ? "" : `AND seq < ${integerLiteral(before)}`;
    return this.#read(`WHERE user_id = ${uuidLiteral(userId)} ${below}
      ORDER BY seq DESC LIMIT ${integerLiteral(size)}`);
  }

  async insert(created: readonly NewReservation[]): Promise<void> {
    const rows = created.map(({ reservation, bodyHash }) => insertRow(reservation, bodyHash));
    const now = created[0]?.reservation.createTime ?? new Date();
    try {
      await transact(this.#pool, [
        `INSERT INTO reservation (id, event_id, user_id, state, items, total_minor, currency,
           body_hash, create_time, first_expire_time, expire_time, update_time, due_time)
         VALUES ${rows.join(", ")}`,
        outboxInsert(
          created.map(({ reservation }) => reservation),
          now,
        ),
      ]);
    } catch (reason) {
      throw isDuplicate(reason)
        ? new DuplicateReservation("a reservation exists", { cause: reason })
        : reason;
    }
  }

  async beginConfirm(
    wishes: readonly ConfirmWish[],
    options: ConfirmOptions,
  ): Promise<ConfirmIntent[]> {
    try {
      return await this.#changing(() => beginConfirm(this.#pool, wishes, options));
    } catch (reason) {
      if (isLockTimeout(reason)) {
        return wishes.map(() => ({ kind: "locked" }));
      }
      throw reason;
    }
  }

  endConfirm(outcome: ConfirmOutcome) {
    return this.#changing(() => endConfirm(this.#pool, outcome));
  }

  cancel(wish: Parameters<ReservationStore["cancel"]>[0]) {
    return this.#changing(() => cancel(this.#pool, wish));
  }

  findExtend(key: RequestKey) {
    return findExtend(this.#pool, key);
  }

  extend(wish: Parameters<ReservationStore["extend"]>[0]) {
    return this.#changing(() => extend(this.#pool, wish));
  }

  takeDue(limit: number) {
    return this.#changing(() => takeDue(this.#pool, limit));
  }

  async markReleased(ended: readonly Pick<Reservation, "id" | "state">[]): Promise<void> {
    // A note on an expiry that comes late must not stop the release of a later cancellation.
    const statements = (["cancelled", "expired"] as const).flatMap((state) => {
      const ids = ended.filter((one) => one.state === state).map(({ id }) => uuidLiteral(id));
      return ids.length === 0
        ? []
        : `UPDATE reservation FORCE INDEX (reservation_id) SET due_time = NULL
           WHERE id IN (${ids.join(", ")}) AND state = ${STATE_CODES[state]}`;
    });
    await transact(this.#pool, statements);
  }

  async #read(where: string) {
    const sql = `SELECT ${RESERVATION_COLUMNS}, UTC_TIMESTAMP(3) AS now FROM reservation ${where}`;
    const [rows] = await withConnection(this.#pool, (connection) =>
      connection.query<(ReservationRow & { now: Date })[]>({ sql, timeout: QUERY_TIMEOUT_MS }),
    );
    return rows.map((row) => ({
      reservation: toReservation(row),
      bodyHash: row.body_hash,
      seq: Number(row.seq),
      now: row.now,
    }));
  }

  /** A duplicate key means that a rival wrote first: the second look sees what it wrote. */
  async #changing<T>(change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } catch (reason) {
      if (isDuplicate(reason)) {
        return await change();
      }
      throw reason;
    }
  }
}

function insertRow(reservation: Reservation, bodyHash: Buffer): string {
  const expireTime = timeLiteral(reservation.expireTime);
  const createTime = timeLiteral(reservation.createTime);
  return `(${[
    uuidLiteral(reservation.id),
    uuidLiteral(reservation.eventId),
    uuidLiteral(reservation.userId),
    STATE_CODES[reservation.state],
    textLiteral(formatItems(reservation.items)),
    integerLiteral(reservation.totalMinor),
    textLiteral(reservation.currency),
    bytesLiteral(bodyHash),
    createTime,
    expireTime,
    expireTime,
    createTime,
    expireTime,
  ].join(", ")})`;
}
