import { EnvReader } from "./env.ts";
import { createLogger } from "./logger.ts";
import { type MysqlSchema, migrate, openMysql } from "./mysql.ts";
import { mysqlSettings } from "./mysql-settings.ts";

/**
 * Brings the schema that MYSQL_URL names up to date and resolves; any number of runners may do
 * so at once. It is all that a service's `migrate.ts` does.
 */
export async function migrateSchema(
  service: string,
  schema: MysqlSchema,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const env = new EnvReader(environment);
  const mysql = env.finish(mysqlSettings(env, 2));
  const logger = createLogger({ service, level: "info" });
  const source = await openMysql({ ...schema, ...mysql, maxWaiting: 2 });
  logger.info({ done: await migrate(source) }, "migrated");
  await source.destroy();
}
