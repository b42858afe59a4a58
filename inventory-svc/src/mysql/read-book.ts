import { QUERY_TIMEOUT_MS } from "@tessera/service-kit/mysql";
import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { PoolConnection, RowDataPacket } from "mysql2/promise";
import type { LedgerQuery } from "../app/ledger.ts";
import type { Book } from "../domain/ledger.ts";
import {
  ALLOCATION_COLUMNS,
  type AllocationRecord,
  EVENT_COLUMNS,
  type EventRecord,
  STATE_NUMBERS,
  STOCK_COLUMNS,
  type StockRecord,
  toAllocation,
  toSaleRules,
  toStockLine,
} from "./ledger-rows.ts";
import { sqlIn } from "./sql-in.ts";

const { HELD, COMMITTED } = STATE_NUMBERS;

interface UnitsRecord {
  user_id: Buffer;
  units: string;
}

/**
 * Starts a transaction, locks the event, and reads its book; undefined for an unknown event.
 *
 * One round trip, and a second one when released allocations' owners are asked for and there are
 * any. The indexes are named because a table that grows by thousands of rows a second has no
 * statistics yet.
 */
export async function readBook(
  connection: PoolConnection,
  { eventId, allocationIds, unitsOf }: LedgerQuery,
  lock: string,
): Promise<Book | undefined> {
  const event = uuidLiteral(eventId);
  const users = unitsOf === "released" ? [] : unitsOf;
  // New allocations are looked up to find replays, settled ones to be changed.
  const allocationLock = unitsOf === users ? "" : lock;
  const results = await query(
    connection,
    "START TRANSACTION",
    `SELECT ${EVENT_COLUMNS} FROM event WHERE id = ${event} ${lock}`,
    // A statement's time is that of its start: this one starts when the lock is granted.
    "SELECT UTC_TIMESTAMP(3) AS now",
    `SELECT ${STOCK_COLUMNS} FROM stock WHERE event_id = ${event} ORDER BY position ${lock}`,
    `SELECT ${ALLOCATION_COLUMNS} FROM allocation FORCE INDEX (allocation_id)
     WHERE ${sqlIn("id", allocationIds)} ${allocationLock}`,
    unitsQuery(eventId, users),
  );
  const [, events, times, stock, allocations, units] = results as [
    unknown,
    EventRecord[],
    { now: Date }[],
    StockRecord[],
    AllocationRecord[],
    UnitsRecord[],
  ];
  const [record] = events;
  const [time] = times;
  if (record === undefined || time === undefined) {
    return undefined;
  }
  const found = allocations.map(toAllocation);
  const owners = found.filter(({ state }) => state === "RELEASED").map(({ userId }) => userId);
  const unitsRecords =
    unitsOf === "released" && owners.length > 0
      ? ((await query(connection, unitsQuery(eventId, owners))) as [UnitsRecord[]])[0]
      : units;
  return {
    now: time.now,
    event: toSaleRules(eventId, record),
    stock: stock.map(toStockLine),
    allocations: new Map(found.map((allocation) => [allocation.id, allocation])),
    unitsByUser: new Map(
      unitsRecords.map((row) => [uuidFromBytes(row.user_id), Number(row.units)]),
    ),
  };
}

function unitsQuery(eventId: string, users: readonly string[]): string {
  return `SELECT user_id, SUM(units) AS units FROM allocation FORCE INDEX (allocation_user)
    WHERE event_id = ${uuidLiteral(eventId)} AND ${sqlIn("user_id", users)}
      AND state IN (${HELD}, ${COMMITTED})
    GROUP BY user_id`;
}

/** Runs statements in one round trip; one result each. */
async function query(
  connection: PoolConnection,
  ...statements: readonly string[]
): Promise<unknown[]> {
  const sql = statements.join(";\n");
  const [results] = await connection.query<RowDataPacket[]>({ sql, timeout: QUERY_TIMEOUT_MS });
  return statements.length === 1 ? [results] : results;
}
