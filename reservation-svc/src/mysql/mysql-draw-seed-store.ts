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

  keep(eventId: string, seed: Buffer, { isForDraw }: { isForDraw: boolean }): Promise<Buffer> {
    const [id, bytes] = [uuidLiteral(eventId), bytesLiteral(seed)];
    const replace = `UPDATE draw_seed SET seed = ${bytes}, create_time = UTC_TIMESTAMP(3)
      WHERE event_id = ${id} AND EXISTS (
        SELECT 1 FROM told_seed AS told
        WHERE told.event_id = draw_seed.event_id AND told.seed = draw_seed.seed);`;
    return withConnection(this.#pool, async (connection) => {
      const [results] = await connection.query<RowDataPacket[][]>({
        sql: `${isForDraw ? replace : ""}
          INSERT IGNORE INTO draw_seed (event_id, seed, create_time)
            VALUES (${id}, ${bytes}, UTC_TIMESTAMP(3));
          SELECT seed FROM draw_seed WHERE event_id = ${id}`,
        timeout: QUERY_TIMEOUT_MS,
      });
      return results.at(-1)?.[0]?.seed;
    });
  }

  async tell(eventId: string, seed: Buffer): Promise<void> {
    await withConnection(this.#pool, (connection) =>
      connection.query({
        sql: `INSERT IGNORE INTO told_seed (event_id, seed, create_time)
          VALUES (${uuidLiteral(eventId)}, ${bytesLiteral(seed)}, UTC_TIMESTAMP(3))`,
        timeout: QUERY_TIMEOUT_MS,
      }),
    );
  }
}
