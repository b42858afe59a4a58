import { randomUUID } from "node:crypto";
import { type MysqlSchema, migrate, openMysql, poolOf } from "@tessera/service-kit/mysql";
import type { Pool } from "mysql2/promise";
import type { DataSource } from "typeorm";
import { administer } from "./administer.ts";
import { mysqlTypeOf } from "./stores/mysql-server.ts";

/** The test server's address, with administrator's rights. */
export function mysqlUrl(): string {
  // biome-ignore lint/style/noProcessEnv: the test command passes the stores' addresses this way.
  const url = process.env.TEST_MYSQL_URL;
  if (url === undefined) {
    throw new Error('TEST_MYSQL_URL is not set; run the tests with "npm test"');
  }
  return url;
}

/** A schema of its own for one test file. */
export interface TestSchema {
  source: DataSource;
  pool: Pool;
  /** For processes of their own. */
  url: string;
}

/** An empty schema on the test server; `drop` removes it. */
export interface EmptySchema {
  url: string;
  /** Which of the two dialects answers. */
  type: "mysql" | "mariadb";
  drop: () => Promise<void>;
}

/** Connections that the pool of `useMysql` has. */
export const MYSQL_POOL_SIZE = 10;

/** Makes an empty schema on the test server. */
export async function createSchema(): Promise<EmptySchema> {
  const server = new URL(mysqlUrl());
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await administer(mysqlUrl(), `CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  server.pathname = `/${name}`;
  const { href: url } = server;
  return {
    url,
    type: await mysqlTypeOf(url),
    drop: () => administer(mysqlUrl(), `DROP DATABASE ${name}`),
  };
}

/**
 * Gives a test file a fresh, migrated schema, and removes it afterwards.
 *
 * Call it inside `describe`; read the result inside hooks and tests only.
 */
export function useMysql(schema: MysqlSchema): TestSchema {
  const opened: Partial<TestSchema> = {};
  let drop: (() => Promise<void>) | undefined;
  before(async () => {
    const created = await createSchema();
    drop = created.drop;
    const source = await openMysql({
      ...schema,
      url: created.url,
      type: created.type,
      poolSize: MYSQL_POOL_SIZE,
      maxWaiting: 1000,
    });
    await migrate(source);
    Object.assign(opened, { source, pool: poolOf(source), url: created.url });
  });
  after(async () => {
    await opened.source?.destroy();
    await drop?.();
  });
  return opened as TestSchema;
}
