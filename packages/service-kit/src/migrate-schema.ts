import { EnvReader } from "./env.ts";
import { createLogger } from "./logger.ts";
import { type MysqlSchema, migrate, openMysql } from "./mysql.ts";
import { MYSQL_TLS } from "./mysql-tls.ts";

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
  const { url, type, tls } = env.finish({
    url: env.url("MYSQL_URL", { protocols: ["mysql:"] }),
    type: env.oneOf("MYSQL_TYPE", ["mysql", "mariadb"], "mysql"),
    tls: env.oneOf("MYSQL_TLS", MYSQL_TLS, "off"),
  });
  const logger = createLogger({ service, level: "info" });
  const source = await openMysql({ ...schema, url, type, tls, poolSize: 2, maxWaiting: 2 });
  logger.info({ done: await migrate(source) }, "migrated");
  await source.destroy();
}
