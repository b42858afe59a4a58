import { type PerSchema, SCHEMAS, type SchemaName } from "@tessera/testkit/schemas";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";

/** An index that is built when all rows of its table are there. */
interface LateIndex {
  schema: SchemaName;
  table: string;
  name: string;
  columns: string;
  /** True when services fail without it; false when they only take longer. */
  isNeeded: boolean;
}

/** Watches what takes a while. */
type During = (build: Promise<unknown>) => Promise<unknown>;

/** The table of a schema. */
interface Table {
  schema: SchemaName;
  table: string;
}

/**
 * What is cheaper to sort at the end than to keep in order row by row. Unique indexes are not among
 * them: a database that was left in the middle of a load must not sell anything twice.
 */
const LATE_INDEXES: readonly LateIndex[] = [
  {
    ...{ schema: "reservation", table: "reservation" },
    ...{ name: "reservation_user", columns: "user_id, seq", isNeeded: false },
  },
  {
    ...{ schema: "reservation", table: "reservation" },
    ...{ name: "reservation_due", columns: "due_time", isNeeded: true },
  },
  {
    ...{ schema: "inventory", table: "allocation" },
    ...{ name: "allocation_user", columns: "event_id, user_id, state, units", isNeeded: true },
  },
  {
    ...{ schema: "inventory", table: "allocation" },
    ...{ name: "allocation_lapse", columns: "state, expire_time", isNeeded: true },
  },
];

/** Sorting the entries of tens of millions of rows takes minutes. In milliseconds. */
const BUILD_TIMEOUT_MS = 60 * 60_000;

/**
 * Drops a table's late indexes, if it is empty: nobody misses them then. What services need is kept
 * unless the load is `isAlone` with the database.
 */
export async function dropLateIndexes(
  connection: Connection,
  table: Table,
  isAlone: boolean,
): Promise<void> {
  const present = await namesOf(connection, table);
  const names = lateIndexesOf(table)
    .filter(({ name, isNeeded }) => present.has(name) && (isAlone || !isNeeded))
    .map(({ name }) => `DROP INDEX ${name}`);
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT 1 FROM ${table.table} LIMIT 1`);
  if (rows.length === 0 && names.length > 0) {
    await connection.query(`ALTER TABLE ${table.table} ${names.join(", ")}`);
  }
}

/** Builds a table's late indexes where they are missing, whoever has left them out. */
export async function buildLateIndexes(
  connection: Connection,
  table: Table,
  during: During,
): Promise<void> {
  const present = await namesOf(connection, table);
  const added = lateIndexesOf(table)
    .filter(({ name }) => !present.has(name))
    .map(({ name, columns }) => `ADD INDEX ${name} (${columns})`);
  if (added.length > 0) {
    const sql = `ALTER TABLE ${table.table} ${added.join(", ")}, ALGORITHM = INPLACE, LOCK = NONE`;
    await during(connection.query({ sql, timeout: BUILD_TIMEOUT_MS }));
  }
}

/** Builds what a load that never came to its end has left out of migrated schemas. */
export async function finishIndexes(urls: PerSchema, during: During): Promise<void> {
  for (const schema of SCHEMAS) {
    const tables = new Set(
      LATE_INDEXES.filter((index) => index.schema === schema).map(({ table }) => table),
    );
    if (tables.size > 0) {
      const connection = await createConnection({ uri: urls[schema], connectTimeout: 5_000 });
      try {
        for (const table of tables) {
          await buildLateIndexes(connection, { schema, table }, during);
        }
      } finally {
        await connection.end();
      }
    }
  }
}

function lateIndexesOf({ schema, table }: Table): LateIndex[] {
  return LATE_INDEXES.filter((index) => index.schema === schema && index.table === table);
}

async function namesOf(connection: Connection, { table }: Table): Promise<Set<unknown>> {
  const [rows] = await connection.query<RowDataPacket[]>(`SHOW INDEX FROM ${table}`);
  return new Set(rows.map(({ Key_name }) => Key_name));
}
