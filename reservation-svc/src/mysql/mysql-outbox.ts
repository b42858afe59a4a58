import { inTransaction } from "@tessera/service-kit/mysql";
import { integerLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import type { Outbox, OutboxRow } from "../app/relay-outbox.ts";

interface Row extends RowDataPacket {
  seq: number;
  reservation_id: Buffer;
  payload: string;
  /** In microseconds. */
  age: number;
}

const AGE = "TIMESTAMPDIFF(MICROSECOND, create_time, UTC_TIMESTAMP(3)) AS age";

/** A gap must have been seen this often before it counts as a rollback's. */
export const GAP_LOOKS = 3;

/**
 * The outbox table, read by a cursor.
 *
 * Numbers are given out before their transactions commit, so a reader may see 7 before 6. It
 * never passes a gap that may still be filled: a locking read of the gap waits for whoever
 * has written into it, and only a gap that stays empty over several looks was a rollback.
 */
export class MysqlOutbox implements Outbox {
  readonly #pool: Pool;
  readonly #lookApartMs: number;
  #gap: { from: number; looks: number; lookTime: number } | undefined;

  /** `lookApartMs` is how far apart the looks at a gap are, in milliseconds. */
  constructor(pool: Pool, { lookApartMs = 500 } = {}) {
    this.#pool = pool;
    this.#lookApartMs = lookApartMs;
  }

  advance(
    limit: number,
    publish: (rows: readonly OutboxRow[], lagMs: number) => Promise<void>,
  ): ReturnType<Outbox["advance"]> {
    return inTransaction(this.#pool, async (connection) => {
      const [cursors] = await connection.query<RowDataPacket[]>(
        "SELECT seq FROM outbox_cursor WHERE id = 1 FOR UPDATE SKIP LOCKED",
      );
      if (cursors[0] === undefined) {
        // Whoever keeps the cursor may be dead: the others are who tells.
        const [oldest] = await connection.query<Row[]>(
          `SELECT ${AGE} FROM outbox
           WHERE seq > (SELECT seq FROM outbox_cursor WHERE id = 1) ORDER BY seq LIMIT 1`,
        );
        return { isBusy: true, published: 0, lagMs: ageOf(oldest[0]) };
      }
      const cursor = Number(cursors[0].seq);
      const [rows] = await connection.query<Row[]>(
        `SELECT seq, reservation_id, payload, ${AGE} FROM outbox
         WHERE seq > ${integerLiteral(cursor)} ORDER BY seq LIMIT ${integerLiteral(limit)}`,
      );
      const ready = await this.#upToGap(connection, cursor, rows);
      const lagMs = ageOf(rows[0]);
      const last = ready.at(-1);
      if (last !== undefined) {
        await publish(ready.map(toOutboxRow), lagMs);
        await connection.query(
          `UPDATE outbox_cursor SET seq = ${integerLiteral(Number(last.seq))} WHERE id = 1`,
        );
      }
      return { isBusy: false, published: ready.length, lagMs };
    });
  }

  /** The rows before the first gap that may still be filled. */
  async #upToGap(connection: PoolConnection, cursor: number, rows: readonly Row[]): Promise<Row[]> {
    const ready: Row[] = [];
    let last = cursor;
    for (const row of rows) {
      const seq = Number(row.seq);
      // What comes before a gap does not wait for it: a gap is looked at when it is the first.
      const isGap = seq > last + 1;
      if (
        isGap &&
        (ready.length > 0 || !(await this.#isAbandoned(connection, last + 1, seq - 1)))
      ) {
        break;
      }
      ready.push(row);
      last = seq;
    }
    return ready;
  }

  async #isAbandoned(connection: PoolConnection, from: number, to: number): Promise<boolean> {
    const now = performance.now();
    if (this.#gap?.from !== from) {
      this.#gap = { from, looks: 0, lookTime: Number.NEGATIVE_INFINITY };
    }
    const gap = this.#gap;
    if (now - gap.lookTime < this.#lookApartMs) {
      return false;
    }
    // Waits for the locks of uncommitted rows in the gap, for the lock timeout at most.
    const [found] = await connection.query<RowDataPacket[]>(
      `SELECT seq FROM outbox WHERE seq BETWEEN ${integerLiteral(from)} AND ${integerLiteral(to)}
       LIMIT 1 FOR UPDATE`,
    );
    if (found.length > 0) {
      this.#gap = undefined;
      return false;
    }
    gap.looks += 1;
    gap.lookTime = now;
    return gap.looks >= GAP_LOOKS;
  }
}

/** In milliseconds. */
function ageOf(row: Row | undefined): number {
  return Math.max(0, Number(row?.age ?? 0) / 1000);
}

function toOutboxRow(row: Row): OutboxRow {
  return {
    seq: Number(row.seq),
    reservationId: uuidFromBytes(row.reservation_id),
    payload: row.payload,
  };
}
