import { sealPageToken } from "@tessera/service-kit/page-token";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { EventSort } from "../../inventory-svc/src/app/event-store.ts";
import { listScope as eventScope } from "../../inventory-svc/src/app/list-events.ts";
import { ORDERS } from "../../inventory-svc/src/mysql/list-query.ts";
import { listScope as reservationScope } from "../../reservation-svc/src/app/read-reservations.ts";

/** How long one look for keys may take, in milliseconds: it walks an index for a while. */
const TIMEOUT_MS = 10 * 60_000;
/** Keys that one statement looks up. */
const KEYS_AT_ONCE = 500;

/** A reservation, and whose it is. */
export interface ReservationKey {
  reservationId: string;
  userId: string;
  /** A token of the page of its owner's list that begins after it. */
  pageToken: string;
}

/**
 * Tokens of `count` pages of the list of events, which begin after the event at `depth` (0 is the
 * first) and after each of those that follow it.
 *
 * A token is made of the key that a page ended with. Clients get it by walking; here the index is
 * walked once by the server instead, and the keys are sealed as the service seals them.
 */
export async function eventPageTokens(
  inventoryUrl: string,
  { sort, depth, count }: { sort: EventSort; depth: number; count: number },
): Promise<string[]> {
  const { column, index, isUp } = ORDERS[sort];
  const direction = isUp ? "ASC" : "DESC";
  const rows = await withConnection(inventoryUrl, (connection) =>
    select(
      connection,
      `SELECT ${column} AS sort_key, seq FROM event FORCE INDEX (${index})
       ORDER BY ${column} ${direction}, seq ${direction} LIMIT ? OFFSET ?`,
      [count, depth],
    ),
  );
  return rows.map(({ sort_key: key, seq }) =>
    sealPageToken(eventScope(sort, ""), [key instanceof Date ? key.getTime() : key, Number(seq)]),
  );
}

/** Ids of events from all over the table; `chance` gives numbers from 0 to 1. */
export async function randomEvents(
  inventoryUrl: string,
  count: number,
  chance: () => number,
): Promise<string[]> {
  const rows = await randomRows(inventoryUrl, "event", { columns: "id", count, chance });
  return rows.map(({ id }) => uuidFromBytes(id));
}

/** Reservations from all over the table. */
export async function randomReservations(
  reservationUrl: string,
  count: number,
  chance: () => number,
): Promise<ReservationKey[]> {
  const columns = "id, user_id, seq";
  const rows = await randomRows(reservationUrl, "reservation", { columns, count, chance });
  return rows.map(({ id, user_id, seq }) => {
    const userId = uuidFromBytes(user_id);
    const pageToken = sealPageToken(reservationScope(userId), [Number(seq)]);
    return { reservationId: uuidFromBytes(id), userId, pageToken };
  });
}

/** Rows at random numbers of the primary key, each a lookup. Numbers without a row are passed. */
export async function randomRows(
  url: string,
  table: string,
  { columns, count, chance }: { columns: string; count: number; chance: () => number },
): Promise<RowDataPacket[]> {
  return await withConnection(url, async (connection) => {
    const [range] = await select(
      connection,
      `SELECT MIN(seq) AS low, MAX(seq) AS high FROM ${table}`,
    );
    const low = Number(range?.low ?? 0);
    const span = Number(range?.high ?? -1) - low + 1;
    const rows: RowDataPacket[] = [];
    for (let looked = 0; span > 0 && looked < count; looked += KEYS_AT_ONCE) {
      const size = Math.min(KEYS_AT_ONCE, count - looked);
      const seqs = Array.from({ length: size }, () => low + Math.floor(chance() * span));
      const found = await select(connection, `SELECT ${columns} FROM ${table} WHERE seq IN (?)`, [
        seqs,
      ]);
      rows.push(...found);
    }
    // They came in the order of their numbers.
    return rows
      .map((row) => ({ row, place: chance() }))
      .sort((a, b) => a.place - b.place)
      .map(({ row }) => row);
  });
}

async function select(
  connection: Connection,
  sql: string,
  values: unknown[] = [],
): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>({ sql, values, timeout: TIMEOUT_MS });
  return rows;
}

async function withConnection<T>(
  uri: string,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await createConnection({ uri, timezone: "Z", connectTimeout: 5_000 });
  // A broken connection also fails the query that runs; nobody else listens.
  connection.on("error", () => undefined);
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}
