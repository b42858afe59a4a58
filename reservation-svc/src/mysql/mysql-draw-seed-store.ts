import { QUERY_TIMEOUT_MS, withConnection } from "@tessera/service-kit/mysql";
import { bytesLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import type { Pool, RowDataPacket } from "mysql2/promise";
import type { DrawSeedStore } from "../app/draw-seeds.ts";

/** The seeds of draws in MySQL; the primary key lets the first writer win. */
export class MysqlDrawSeedStore implements DrawSeedStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  keep(eventId: string, seed: Buffer): Promise<Buffer> {
    const id = uuidLiteral(eventId);
    return withConnection(this.#pool, async (connection) => {
      const [results] = await connection.query<RowDataPacket[][]>({
        sql: `INSERT IGNORE INTO draw_seed (event_id, seed, create_time)
            VALUES (${id}, ${bytesLiteral(seed)}, UTC_TIMESTAMP(3));
          SELECT seed FROM draw_seed WHERE event_id = ${id}`,
        timeout: QUERY_TIMEOUT_MS,
      });
      return results[1]?.[0]?.seed;
    });
  }
}
