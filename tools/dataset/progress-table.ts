import { OperatorError } from "@tessera/testkit/stores/operator-error";
import type { Connection, RowDataPacket } from "mysql2/promise";
import type { LoadTable } from "./load-table.ts";

/**
 * How far the tables of a schema are loaded. A row moves on in the transaction that loads what it
 * counts, so a run that was cut off goes on exactly where it was.
 */
const CREATE = `CREATE TABLE IF NOT EXISTS dataset_progress (
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  spec VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  base BIGINT UNSIGNED NOT NULL,
  steps BIGINT UNSIGNED NOT NULL,
  next_step BIGINT UNSIGNED NOT NULL
) ENGINE = InnoDB`;

/** How far one table is. */
export interface TableProgress {
  /** The number before that of the first row. */
  base: number;
  nextStep: number;
}

/** The spec that a schema was begun with, as text; undefined when it has no data set. */
export async function begunSpec(connection: Connection): Promise<string | undefined> {
  await connection.query(CREATE);
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT spec FROM dataset_progress LIMIT 1",
  );
  return rows[0]?.spec;
}

/** Finds how far a table is; begins it when it is not begun. */
export async function openProgress(
  connection: Connection,
  table: LoadTable,
  spec: string,
): Promise<TableProgress> {
  const found = await readProgress(connection, table);
  if (found !== undefined) {
    return found;
  }
  const base = table.isNumbered ? await reserveNumbers(connection, table) : 0;
  await connection.query(
    "INSERT IGNORE INTO dataset_progress (name, spec, base, steps, next_step) VALUES (?, ?, ?, ?, 0)",
    [table.table, spec, base, table.steps],
  );
  const begun = await readProgress(connection, table);
  if (begun === undefined) {
    throw new Error(`the progress of ${table.table} is gone`);
  }
  return begun;
}

/** Says, within the transaction that loaded it, how far a table is now. */
export async function moveProgress(
  connection: Connection,
  table: LoadTable,
  nextStep: number,
): Promise<void> {
  await connection.query("UPDATE dataset_progress SET next_step = ? WHERE name = ?", [
    nextStep,
    table.table,
  ]);
}

async function readProgress(
  connection: Connection,
  { table, steps }: LoadTable,
): Promise<TableProgress | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT base, steps, next_step FROM dataset_progress WHERE name = ?`,
    [table],
  );
  const row = rows[0];
  if (row !== undefined && Number(row.steps) !== steps) {
    throw new OperatorError(`${table} was begun with ${row.steps} steps, not ${steps}.`);
  }
  return row === undefined
    ? undefined
    : { base: Number(row.base), nextStep: Number(row.next_step) };
}

/**
 * Sets numbers of the column `seq` aside: what services insert meanwhile comes after them. Returns
 * the number before the first.
 */
async function reserveNumbers(connection: Connection, table: LoadTable): Promise<number> {
  for (;;) {
    const base = await highestNumber(connection, table);
    await connection.query(`ALTER TABLE ${table.table} AUTO_INCREMENT = ${base + table.steps + 1}`);
    // A row that came in between took the first of them.
    if ((await highestNumber(connection, table)) === base) {
      return base;
    }
  }
}

async function highestNumber(connection: Connection, { table }: LoadTable): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT COALESCE(MAX(seq), 0) AS seq FROM ${table}`,
  );
  return Number(rows[0]?.seq);
}
