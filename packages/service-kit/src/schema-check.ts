import type { RowDataPacket } from "mysql2/promise";
import type { DataSource } from "typeorm";
import { CHECK_TIMEOUT_MS, checkMysql, poolOf, withConnection } from "./mysql.ts";
import { codeOf } from "./mysql-failure.ts";

/**
 * A check that rejects, within two seconds, while the schema does not answer, or was not brought up
 * to date for this program. Once it was, that is not asked again. Migrations that this program does
 * not know are a newer release's, and do it no harm.
 */
export function schemaCheck(source: DataSource): () => Promise<void> {
  let isMigrated = false;
  return async () => {
    if (isMigrated) {
      return await checkMysql(source);
    }
    const done = await migrationsOf(source);
    if (!source.migrations.every((known) => done.has(known.name ?? known.constructor.name))) {
      throw new Error("the schema is not migrated: run the migrations");
    }
    isMigrated = true;
  };
}

/** The names of what was run; none where nothing ever was. */
async function migrationsOf(source: DataSource): Promise<ReadonlySet<string>> {
  try {
    const [rows] = await withConnection(
      poolOf(source),
      (connection) => connection.query<RowDataPacket[]>("SELECT name FROM migrations"),
      { timeoutMs: CHECK_TIMEOUT_MS },
    );
    return new Set(rows.map(({ name }) => name));
  } catch (reason) {
    if (codeOf(reason) === "ER_NO_SUCH_TABLE") {
      return new Set();
    }
    throw reason;
  }
}
