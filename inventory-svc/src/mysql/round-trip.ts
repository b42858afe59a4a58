import { QUERY_TIMEOUT_MS } from "@tessera/service-kit/mysql";
import type { PoolConnection, RowDataPacket } from "mysql2/promise";

/** Questions that are asked together, in one round trip. */
export class RoundTrip {
  readonly #statements: string[] = [];
  #results: unknown[] = [];

  /** Adds a statement; what is returned gives its rows, once `run` has resolved. */
  ask<Row>(sql: string | undefined): () => readonly Row[] {
    // To ask for nothing costs the server as much as asking for a row.
    if (sql === undefined) {
      return () => [];
    }
    const index = this.#statements.push(sql) - 1;
    return () => this.#results[index] as Row[];
  }

  /** Runs the statements one after the other; those behind one that fails are not run. */
  async run(connection: PoolConnection): Promise<void> {
    if (this.#statements.length > 0) {
      const sql = this.#statements.join(";\n");
      const [answer] = await connection.query<RowDataPacket[]>({ sql, timeout: QUERY_TIMEOUT_MS });
      this.#results = this.#statements.length === 1 ? [answer] : answer;
    }
  }
}
