import { inTransaction } from "@tessera/service-kit/mysql";
import { integerLiteral } from "@tessera/service-kit/sql-literal";
import type { Pool, ResultSetHeader } from "mysql2/promise";
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
    return inTransaction(this.#pool, async (connection) => {
      // The outbox is in the order of its numbers: the oldest rows are read first, and only they.
      const [results] = await connection.query<ResultSetHeader[]>(
        `DELETE FROM request_key WHERE create_time < ${before} ORDER BY create_time LIMIT ${most};
         DELETE FROM outbox
         WHERE seq <= (SELECT seq FROM outbox_cursor WHERE id = 1) AND create_time < ${before}
         ORDER BY seq LIMIT ${most}`,
      );
      return results.reduce((sum, { affectedRows }) => sum + affectedRows, 0);
    });
  }
}
