import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";

/** How long one statement may take, in milliseconds. */
const TIMEOUT_MS = 60_000;

/** Opens a schema to read it. */
export async function openReader(uri: string): Promise<Connection> {
  const connection = await createConnection({ uri, timezone: "Z", connectTimeout: 5_000 });
  // A broken connection also fails the query that runs; nobody else listens.
  connection.on("error", () => undefined);
  return connection;
}

/** The rows of one statement, on a connection of its own. */
export async function select(
  url: string,
  sql: string,
  values?: readonly (Buffer | number)[],
): Promise<RowDataPacket[]> {
  await using connection = await openReader(url);
  return await rowsOf(connection, sql, values);
}

/** The rows of one statement. */
export async function rowsOf(
  connection: Connection,
  sql: string,
  values: readonly (Buffer | number)[] = [],
): Promise<RowDataPacket[]> {
  const statement = { sql, values: [...values], timeout: TIMEOUT_MS };
  const [rows] = await connection.query<RowDataPacket[]>(statement);
  return rows;
}
