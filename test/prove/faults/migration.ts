import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import { text } from "node:stream/consumers";
import type { SchemaName } from "@tessera/testkit/schemas";
import { SCHEMAS } from "@tessera/testkit/schemas";
import { programOf } from "@tessera/testkit/services";
import { mysqlTypeOf } from "@tessera/testkit/stores/mysql-server";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { World } from "../world/world.ts";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

/** What a next version would bring: something that this version knows nothing of. */
const GROWTH = [
  { schema: "inventory", table: "allocation" },
  { schema: "reservation", table: "reservation" },
] as const;
const COLUMN = "next_version_note";
const INDEX = "next_version_note_age";

/** How long a runner of migrations may take, in milliseconds. */
const MIGRATE_DEADLINE_MS = 60_000;
/** Whoever waits for a table's lock makes everybody wait behind him: so briefly, and so often. */
const TABLE_LOCK_SECONDS = 2;
const TRIES = 10;

/** A deployment's first step, in the middle of a sale: schemas change under those who use them. */
export const MIGRATION_UNDER_LOAD: Fault = {
  name: "migration-under-load",
  title: "Schemas are migrated by two runners at once, and grow a column and an index",
  part: "mysql",
  lastsMs: [1_000, 4_000],
  mayCut: false,
  begin: async (world) => {
    const { mysqlUrls } = world;
    return await breaking(
      "schemas are migrated, and have grown",
      async () => {
        await migrateTwice(world);
        for (const { schema, table } of GROWTH) {
          await inSchema(mysqlUrls[schema], (connection) => grow(connection, table));
        }
      },
      async () => {
        for (const { schema, table } of GROWTH) {
          await inSchema(mysqlUrls[schema], (connection) => shrink(connection, table));
        }
      },
    );
  },
};

async function migrateTwice({ mysqlUrls }: World): Promise<void> {
  const type = await mysqlTypeOf(mysqlUrls.inventory);
  for (const schema of SCHEMAS) {
    const url = mysqlUrls[schema];
    await Promise.all([runMigrations(schema, url, type), runMigrations(schema, url, type)]);
  }
}

async function runMigrations(schema: SchemaName, url: string, type: string): Promise<void> {
  const [node = "", ...rest] = programOf(`${schema}-svc`, "migrate.ts");
  const child = spawn(node, rest, {
    env: { MYSQL_URL: url, MYSQL_TYPE: type },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: MIGRATE_DEADLINE_MS,
  });
  if (child.pid !== undefined) {
    // It would run on another machine, and must not take this one from those who sell.
    setPriority(child.pid, constants.priority.PRIORITY_LOW);
  }
  const [[code, signal], said] = await Promise.all([once(child, "exit"), text(child.stderr)]);
  if (code !== 0) {
    throw new Error(`the migrations of ${schema} ended with ${signal ?? code}: ${said}`);
  }
}

async function inSchema(url: string, work: (connection: Connection) => Promise<void>) {
  const connection = await createConnection({ uri: url, connectTimeout: 5_000 });
  // A connection that breaks fails the statement that is under way.
  connection.on("error", () => undefined);
  try {
    await connection.query(`SET SESSION lock_wait_timeout = ${TABLE_LOCK_SECONDS}`);
    await work(connection);
  } finally {
    connection.destroy();
  }
}

async function grow(connection: Connection, table: string): Promise<void> {
  await change(connection, `ALTER TABLE ${table} ADD COLUMN ${COLUMN} VARCHAR(100) NULL`);
  await change(
    connection,
    `ALTER TABLE ${table} ADD INDEX ${INDEX} (${COLUMN}, create_time), ALGORITHM = INPLACE, LOCK = NONE`,
  );
}

/** Takes away as much as there is of what was added. */
async function shrink(connection: Connection, table: string): Promise<void> {
  if (await has(connection, "statistics", { table, name: INDEX })) {
    await change(connection, `ALTER TABLE ${table} DROP INDEX ${INDEX}`);
  }
  if (await has(connection, "columns", { table, name: COLUMN })) {
    await change(connection, `ALTER TABLE ${table} DROP COLUMN ${COLUMN}`);
  }
}

async function has(
  connection: Connection,
  kind: "statistics" | "columns",
  { table, name }: { table: string; name: string },
): Promise<boolean> {
  const nameColumn = kind === "statistics" ? "index_name" : "column_name";
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT 1 FROM information_schema.${kind}
     WHERE table_schema = DATABASE() AND table_name = ? AND ${nameColumn} = ?`,
    [table, name],
  );
  return rows.length > 0;
}

async function change(connection: Connection, statement: string): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await connection.query(statement);
      return;
    } catch (reason) {
      if (tried === TRIES) {
        throw reason;
      }
    }
  }
}
