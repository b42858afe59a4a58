import type { EnvReader } from "./env.ts";
import { MYSQL_TLS } from "./mysql-tls.ts";

/** Reads how a program reaches its schema, for `openMysql`; `poolSize` is how many connections it has unless told. */
export function mysqlSettings(env: EnvReader, poolSize: number) {
  return {
    url: env.url("MYSQL_URL", { protocols: ["mysql:"] }),
    type: env.oneOf("MYSQL_TYPE", ["mysql", "mariadb"], "mysql"),
    tls: env.oneOf("MYSQL_TLS", MYSQL_TLS, "off"),
    // Two at least: all but one may lie idle.
    poolSize: env.integer("MYSQL_POOL_SIZE", { min: 2, max: 500, fallback: poolSize }),
  };
}
