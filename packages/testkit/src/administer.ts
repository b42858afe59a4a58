import { createConnection } from "mysql2/promise";

/** Runs statements, one after the other, on a connection of their own. */
export async function administer(url: string, ...statements: readonly string[]): Promise<void> {
  await using connection = await createConnection({ uri: url, connectTimeout: 5_000 });
  for (const statement of statements) {
    await connection.query(statement);
  }
}
