import { createLogger } from "@tessera/service-kit/logger";
import { migrate, openMysql } from "@tessera/service-kit/mysql";
import { run } from "@tessera/service-kit/run";
import { readConfig } from "./config.ts";
import { inventorySchema } from "./mysql/schema.ts";

/** Brings the schema up to date and exits; any number of runners may do so at once. */
export async function migrateInventory(env: NodeJS.ProcessEnv): Promise<void> {
  const { mysqlUrl, mysqlType, logLevel } = readConfig(env);
  const logger = createLogger({ service: "inventory-migrate", level: logLevel });
  const mysql = await openMysql({
    url: mysqlUrl,
    type: mysqlType,
    poolSize: 2,
    maxWaiting: 4,
    ...inventorySchema,
  });
  try {
    logger.info({ migrations: await migrate(mysql) }, "migrated");
  } finally {
    await mysql.destroy();
  }
}

if (import.meta.main) {
  // biome-ignore lint/style/noProcessEnv: this is an entry point.
  await run(() => migrateInventory(process.env));
}
