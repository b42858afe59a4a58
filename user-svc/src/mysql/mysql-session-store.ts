import { inTransaction, withConnection } from "@tessera/service-kit/mysql";
import { integerLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import type { Connection, Pool } from "mysql2/promise";
import type { EndReason, Rotation, SessionStore, TokenGrant } from "../app/session-store.ts";
import type { IssuedToken } from "../domain/session.ts";
import { roleOf } from "./mysql-user-store.ts";
import type { RefreshTokenRow, SessionRow } from "./session-tables.ts";
import { changeRows, selectRows } from "./statements.ts";

/** Sessions in MySQL; one conditional UPDATE of the session's row decides between rivals. */
export class MysqlSessionStore implements SessionStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  insert(userId: string, first: TokenGrant): Promise<void> {
    return inTransaction(this.#pool, async (connection) => {
      await changeRows(
        connection,
        `INSERT INTO session (id, user_id, generation, create_time, expire_time)
         VALUES (?, ?, 1, ?, ?)`,
        [uuidToBytes(first.sessionId), uuidToBytes(userId), first.createTime, first.expireTime],
      );
      await insertToken(connection, first, 1);
    });
  }

  findToken(sessionId: string, secretHash: Buffer): Promise<IssuedToken | undefined> {
    return withConnection(this.#pool, async (connection) => {
      const [row] = await selectRows<TokenOfSession>(connection, FIND_TOKEN, [
        secretHash,
        uuidToBytes(sessionId),
      ]);
      return row === undefined ? undefined : toIssuedToken(sessionId, row);
    });
  }

  rotate({ usedHash, generation, requestKey, next }: Rotation): Promise<boolean> {
    return inTransaction(this.#pool, async (connection) => {
      const moved = await changeRows(
        connection,
        `UPDATE session SET generation = generation + 1, expire_time = ?
         WHERE id = ? AND generation = ? AND end_time IS NULL`,
        [next.expireTime, uuidToBytes(next.sessionId), generation],
      );
      if (moved === 0) {
        return false;
      }
      await changeRows(connection, "UPDATE refresh_token SET rotated_by = ? WHERE token_hash = ?", [
        requestKey,
        usedHash,
      ]);
      await insertToken(connection, next, generation + 1);
      return true;
    });
  }

  async end(ending: {
    sessionId: string;
    userId: string;
    reason: EndReason;
    endTime: Date;
  }): Promise<boolean> {
    const { sessionId, userId, reason, endTime } = ending;
    const ended = await withConnection(this.#pool, (connection) =>
      changeRows(
        connection,
        `UPDATE session SET end_time = ?, end_reason = ?
         WHERE id = ? AND user_id = ? AND end_time IS NULL`,
        [endTime, reason, uuidToBytes(sessionId), uuidToBytes(userId)],
      ),
    );
    return ended > 0;
  }

  purge(limit: number): Promise<number> {
    // The database's clock decides: a replica whose own is far ahead would end everybody's sessions.
    const purged = (table: string) =>
      `DELETE FROM ${table} WHERE expire_time < UTC_TIMESTAMP(3) ORDER BY expire_time LIMIT ${integerLiteral(limit)}`;
    return withConnection(
      this.#pool,
      async (connection) =>
        (await changeRows(connection, purged("refresh_token"), [])) +
        (await changeRows(connection, purged("session"), [])),
    );
  }
}

interface TokenOfSession extends Pick<RefreshTokenRow, "generation" | "rotated_by"> {
  newest: number;
  user_id: Buffer;
  role: string;
  expire_time: Date;
  end_time: SessionRow["end_time"];
}

/** The token's own expiry: each token waits for its own time, also when the session went on. */
const FIND_TOKEN = `
  SELECT t.generation, t.rotated_by, t.expire_time,
         s.generation AS newest, s.end_time, s.user_id, u.role
  FROM refresh_token t
  JOIN session s ON s.id = t.session_id
  JOIN user u ON u.id = s.user_id
  WHERE t.token_hash = ? AND t.session_id = ?`;

function toIssuedToken(sessionId: string, row: TokenOfSession): IssuedToken {
  return {
    sessionId,
    userId: uuidFromBytes(row.user_id),
    role: roleOf(row.role),
    generation: row.generation,
    newestGeneration: row.newest,
    rotatedBy: row.rotated_by ?? undefined,
    expireTime: row.expire_time,
    endTime: row.end_time ?? undefined,
  };
}

async function insertToken(
  connection: Connection,
  grant: TokenGrant,
  generation: number,
): Promise<void> {
  await changeRows(
    connection,
    `INSERT INTO refresh_token (token_hash, session_id, generation, create_time, expire_time)
     VALUES (?, ?, ?, ?, ?)`,
    [
      grant.secretHash,
      uuidToBytes(grant.sessionId),
      generation,
      grant.createTime,
      grant.expireTime,
    ],
  );
}
