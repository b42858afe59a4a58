import type { Connection, RowDataPacket } from "mysql2/promise";
import type { LoadTable } from "./load-table.ts";

/** Sorting the entries of tens of millions of rows takes minutes. In milliseconds. */
const BUILD_TIMEOUT_MS = 60 * 60_000;

/**
 * Drops the index that is cheaper to build at the end, if the table is empty: nobody misses it
 * then. It is one whose entries come in no order, so that each row would change a page of its own.
 */
export async function dropLateIndex(connection: Connection, table: LoadTable): Promise<void> {
  const { lateIndex } = table;
  if (lateIndex === undefined || !(await hasIndex(connection, table))) {
    return;
  }
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT 1 FROM ${table.table} LIMIT 1`);
  if (rows.length === 0) {
    await connection.query(`ALTER TABLE ${table.table} DROP INDEX ${lateIndex.name}`);
  }
}

/** Builds the index where it is missing, also what an earlier run has left undone. */
export async function buildLateIndex(
  connection: Connection,
  table: LoadTable,
  onBuild: (() => void) | undefined,
): Promise<void> {
  const { lateIndex } = table;
  if (lateIndex !== undefined && !(await hasIndex(connection, table))) {
    onBuild?.();
    await connection.query({
      sql: `ALTER TABLE ${table.table} ADD INDEX ${lateIndex.name} (${lateIndex.columns}),
        ALGORITHM = INPLACE, LOCK = NONE`,
      timeout: BUILD_TIMEOUT_MS,
    });
  }
}

async function hasIndex(connection: Connection, { table, lateIndex }: LoadTable): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT 1 FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = ? AND index_name = ? LIMIT 1`,
    [table, lateIndex?.name],
  );
  return rows.length > 0;
}
