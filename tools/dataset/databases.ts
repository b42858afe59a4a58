import { migrate, openMysql } from "@tessera/service-kit/mysql";
import { type PerSchema, perSchema, SCHEMAS, type SchemaName } from "@tessera/testkit/schemas";
import { mysqlTypeOf } from "@tessera/testkit/stores/mysql-server";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { createConnection } from "mysql2/promise";
import { SCHEMA as INVENTORY } from "../../inventory-svc/src/mysql/schema.ts";
import { SCHEMA as RESERVATION } from "../../reservation-svc/src/mysql/schema.ts";
import { USER_SCHEMA } from "../../user-svc/src/mysql/schema.ts";

const LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

/** True for a server that only this machine reaches. */
export function isLocal(url: string): boolean {
  return LOCAL_HOSTS.includes(new URL(url).hostname);
}

/** The schemas of a server, made where they are missing. Accounts are not touched. */
export async function schemasOf(serverUrl: string, prefix: string): Promise<PerSchema> {
  const connecting = createConnection({ uri: serverUrl, connectTimeout: 5_000 });
  await using connection = await connecting.catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new OperatorError(`The server at --url does not answer: ${reason}`, { cause });
  });
  for (const schema of SCHEMAS) {
    await connection.query(
      `CREATE DATABASE IF NOT EXISTS \`${prefix}${schema}\`
         CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
    );
  }
  return perSchema((schema) => {
    const url = new URL(serverUrl);
    url.pathname = `/${prefix}${schema}`;
    return url.href;
  });
}

/** Brings the schemas up to date. */
export async function migrateSchemas(urls: PerSchema): Promise<void> {
  await Promise.all(SCHEMAS.map((schema) => migrateOne(schema, urls[schema])));
}

async function migrateOne(name: SchemaName, url: string): Promise<void> {
  const schema = { inventory: INVENTORY, reservation: RESERVATION, user: USER_SCHEMA }[name];
  const type = await mysqlTypeOf(url);
  const source = await openMysql({ ...schema, url, type, poolSize: 2, maxWaiting: 2 });
  try {
    await migrate(source);
  } finally {
    await source.destroy();
  }
}
