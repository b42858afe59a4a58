import { EnvReader } from "@tessera/service-kit/env";
import { MYSQL_TLS } from "@tessera/service-kit/mysql-tls";

/** Reads every setting, or throws one error that names all the bad ones. */
export function readConfig(source: NodeJS.ProcessEnv) {
  const env = new EnvReader(source);
  return env.finish({
    grpcPort: env.port("GRPC_PORT", 50_051),
    httpPort: env.port("HTTP_PORT", 9051),
    mysqlUrl: env.url("MYSQL_URL", { protocols: ["mysql:"] }),
    mysqlType: env.oneOf("MYSQL_TYPE", ["mysql", "mariadb"], "mysql"),
    mysqlTls: env.oneOf("MYSQL_TLS", MYSQL_TLS, "off"),
    // One hot event needs one connection, many events as many as the server's cores can use.
    // Two at least: all but one may lie idle.
    mysqlPoolSize: env.integer("MYSQL_POOL_SIZE", { min: 2, max: 500, fallback: 16 }),
    // Where a collector takes OTLP over HTTP. What callers record is recorded here as well.
    otlpEndpoint: env.optionalUrl("OTEL_EXPORTER_OTLP_ENDPOINT", {
      protocols: ["http:", "https:"],
    }),
    logLevel: env.oneOf("LOG_LEVEL", ["debug", "info", "warn", "error", "silent"], "info"),
    // Longer than endpoints take to leave the mesh's load balancers.
    drainMs: env.integer("DRAIN_MS", { min: 0, max: 60_000, fallback: 5_000 }),
    graceMs: env.integer("GRACE_MS", { min: 0, max: 60_000, fallback: 10_000 }),
    // The owner's own sweeper comes first; this is for owners that never came back.
    orphanGraceSeconds: env.integer("ORPHAN_GRACE_SECONDS", { min: 0, max: 3_600, fallback: 15 }),
    sweepIntervalMs: env.integer("SWEEP_INTERVAL_MS", { min: 10, max: 60_000, fallback: 1_000 }),
  });
}
