import { QUERY_TIMEOUT_MS, withConnection } from "@tessera/service-kit/mysql";
import { integerLiteral } from "@tessera/service-kit/sql-literal";
import type { Pool, ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { Prunable } from "../app/prune.ts";

/** Request keys and outbox rows in MySQL. Any number of replicas may prune at once. */
export class MysqlPrune implements Prunable {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  prune(days: number, limit: number): Promise<number> {
    const before = `UTC_TIMESTAMP(3) - INTERVAL ${integerLiteral(days)} DAY`;
    const most = integerLiteral(limit);
    return withConnection(this.#pool, async (connection) => {
      const [keys] = await connection.query<ResultSetHeader>({
        sql: `DELETE FROM request_key WHERE create_time < ${before} ORDER BY create_time LIMIT ${most}`,
        timeout: QUERY_TIMEOUT_MS,
      });
      // The outbox is in the order of its numbers, and so of its times. A DELETE by time would read
      // all that is young as well, and one that reads the cursor would keep it from the relay.
      const [oldest] = await connection.query<RowDataPacket[]>({
        sql: `SELECT MAX(seq) AS last FROM
            (SELECT seq, create_time FROM outbox
             WHERE seq <= (SELECT seq FROM outbox_cursor WHERE id = 1) ORDER BY seq LIMIT ${most}) oldest
          WHERE create_time < ${before}`,
        timeout: QUERY_TIMEOUT_MS,
      });
      // No row has the number 0: where nothing is old, nothing goes.
      const last = Number(oldest[0]?.last ?? 0);
      const [moves] = await connection.query<ResultSetHeader>({
        sql: `DELETE FROM outbox WHERE seq <= ${integerLiteral(last)}`,
        timeout: QUERY_TIMEOUT_MS,
      });
      return keys.affectedRows + moves.affectedRows;
    });
  }
}
