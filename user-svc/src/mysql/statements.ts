import { QUERY_TIMEOUT_MS } from "@tessera/service-kit/mysql";
import type { Connection, ResultSetHeader, RowDataPacket } from "mysql2/promise";

type Values = readonly (string | number | Buffer | Date | null)[];

/*
 * Prepared statements only: what a failed one says of itself, and what is logged of it, holds
 * placeholders instead of addresses and hashes. TypeORM's own errors would carry the parameters.
 */

/** The rows of a SELECT. */
export async function selectRows<Row>(
  connection: Connection,
  sql: string,
  values: Values,
): Promise<(Row & RowDataPacket)[]> {
  const statement = { sql, values: [...values], timeout: QUERY_TIMEOUT_MS };
  const [rows] = await connection.execute<(Row & RowDataPacket)[]>(statement);
  return rows;
}

/** Runs a change; returns how many rows its WHERE matched. */
export async function changeRows(
  connection: Connection,
  sql: string,
  values: Values,
): Promise<number> {
  const statement = { sql, values: [...values], timeout: QUERY_TIMEOUT_MS };
  const [result] = await connection.execute<ResultSetHeader>(statement);
  return result.affectedRows;
}
