import { QUERY_TIMEOUT_MS, withConnection } from "@tessera/service-kit/mysql";
import { integerLiteral, timeLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { Pool, PoolConnection, RowDataPacket } from "mysql2/promise";
import type { Ledger, LedgerAudit } from "../app/ledger.ts";
import type { Allocation } from "../domain/ledger.ts";
import {
  ALLOCATION_COLUMNS,
  type AllocationRecord,
  STATE_NUMBERS,
  stateOf,
  toAllocation,
} from "./ledger-rows.ts";
import { sqlIn } from "./sql-in.ts";

const { HELD, COMMITTED } = STATE_NUMBERS;
/** An audit reads all of an event's allocations, in milliseconds. */
const AUDIT_TIMEOUT_MS = 10_000;

/** Does what `Ledger.find` says, without a lock. */
export async function findAllocations(
  connection: PoolConnection,
  ids: readonly string[],
): Promise<readonly Allocation[]> {
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: `SELECT ${ALLOCATION_COLUMNS} FROM allocation FORCE INDEX (allocation_id)
      WHERE ${sqlIn("id", ids)}`,
    timeout: QUERY_TIMEOUT_MS,
  });
  return (rows as AllocationRecord[]).map(toAllocation);
}

/** Does what `Ledger.extend` says, in one round trip. */
export async function extendAllocation(
  connection: PoolConnection,
  allocationId: string,
  limits: { expireTime: Date; maxSeconds: number },
): Promise<Pick<Allocation, "state" | "createTime" | "expireTime"> | undefined> {
  const id = uuidLiteral(allocationId);
  const time = timeLiteral(limits.expireTime);
  const [results] = await connection.query<RowDataPacket[]>({
    sql: `UPDATE allocation SET expire_time = GREATEST(expire_time, ${time})
        WHERE id = ${id} AND state = ${HELD}
          AND ${time} <= create_time + INTERVAL ${integerLiteral(limits.maxSeconds)} SECOND;
      SELECT state, create_time, expire_time FROM allocation WHERE id = ${id}`,
    timeout: QUERY_TIMEOUT_MS,
  });
  const [, rows] = results as [unknown, { state: number; create_time: Date; expire_time: Date }[]];
  const [row] = rows;
  return row === undefined
    ? undefined
    : { state: stateOf(row.state), createTime: row.create_time, expireTime: row.expire_time };
}

/**
 * Does what `Ledger.findOrphans` says.
 *
 * Rows that a transaction holds are passed over: they are being settled right now. The locks end
 * with the statement, which waits for nobody, so it cannot be part of a deadlock.
 */
export async function findOrphans(
  connection: PoolConnection,
  { graceSeconds, limit, except }: Parameters<Ledger["findOrphans"]>[0],
): ReturnType<Ledger["findOrphans"]> {
  const time = `UTC_TIMESTAMP(3) - INTERVAL ${integerLiteral(graceSeconds)} SECOND`;
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: `SELECT id, event_id, expire_time, ${time} AS lapsedBefore
      FROM allocation FORCE INDEX (allocation_lapse)
      WHERE state = ${HELD} AND expire_time <= ${time} AND NOT ${sqlIn("event_id", except)}
      ORDER BY expire_time LIMIT ${integerLiteral(limit)} FOR UPDATE SKIP LOCKED`,
    timeout: QUERY_TIMEOUT_MS,
  });
  const lapsedBefore: Date = rows[0]?.lapsedBefore ?? new Date(0);
  const oldest: Date = rows[0]?.expire_time ?? lapsedBefore;
  return {
    orphans: rows.map(({ id, event_id }) => ({
      allocationId: uuidFromBytes(id),
      eventId: uuidFromBytes(event_id),
    })),
    lapsedBefore,
    lagSeconds: Math.max(0, (lapsedBefore.getTime() - oldest.getTime()) / 1000),
  };
}

/** Does what `Ledger.newestEventIds` says. */
export async function newestEventIds(connection: PoolConnection): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: `SELECT DISTINCT event_id FROM
        (SELECT event_id FROM allocation ORDER BY seq DESC LIMIT 10000) newest LIMIT 1000`,
    timeout: QUERY_TIMEOUT_MS,
  });
  return rows.map(({ event_id }) => uuidFromBytes(event_id));
}

interface AuditRecord {
  excess: string | null;
  capacity: string | null;
  availableCount: string | null;
  heldCount: string | null;
  soldCount: string | null;
  heldUnits: string | null;
  soldUnits: string | null;
}

/** Does what `Ledger.audit` says, in one statement: one statement sees one moment. */
export async function auditEvent(pool: Pool, eventId: string): Promise<LedgerAudit> {
  const event = uuidLiteral(eventId);
  const sql = `SELECT s.*, a.* FROM
      (SELECT SUM(GREATEST(0, held + sold - capacity)) AS excess, SUM(capacity) AS capacity,
        SUM(available) AS availableCount, SUM(held) AS heldCount, SUM(sold) AS soldCount FROM stock WHERE event_id = ${event}) s,
      (SELECT SUM(IF(state = ${HELD}, units, 0)) AS heldUnits,
        SUM(IF(state = ${COMMITTED}, units, 0)) AS soldUnits
        FROM allocation FORCE INDEX (allocation_user) WHERE event_id = ${event}) a`;
  const [rows] = await withConnection(
    pool,
    (connection) => connection.query<RowDataPacket[]>(sql),
    { timeoutMs: AUDIT_TIMEOUT_MS },
  );
  const [row] = rows as AuditRecord[];
  const heldUnits = Number(row?.heldUnits);
  const soldUnits = Number(row?.soldUnits);
  const stock = {
    available: Number(row?.availableCount),
    held: Number(row?.heldCount),
    sold: Number(row?.soldCount),
  };
  return {
    oversoldUnits: Math.max(Number(row?.excess), heldUnits + soldUnits - Number(row?.capacity)),
    driftUnits: Math.abs(heldUnits - stock.held) + Math.abs(soldUnits - stock.sold),
    stock,
  };
}
