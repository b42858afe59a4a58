import { createLogger } from "@tessera/service-kit/logger";
import { migrate, openMysql } from "@tessera/service-kit/mysql";
import { run } from "@tessera/service-kit/run";
import { readMigrateConfig } from "./config.ts";
import { USER_SCHEMA } from "./mysql/schema.ts";

/** Brings the schema up to date and exits; any number of runners may do so at once. */
await run(async () => {
  // biome-ignore lint/style/noProcessEnv: a program of its own, with its own composition root.
  const config = readMigrateConfig(process.env);
  const logger = createLogger({ service: "user-svc-migrate", level: "info" });
  const source = await openMysql({
    ...USER_SCHEMA,
    url: config.mysqlUrl,
    type: config.mysqlType,
    poolSize: 2,
    maxWaiting: 4,
  });
  try {
    logger.info({ migrations: await migrate(source) }, "migrated");
  } finally {
    await source.destroy();
  }
});
