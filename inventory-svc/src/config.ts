import { EnvReader } from "@tessera/service-kit/env";
import { mysqlSettings } from "@tessera/service-kit/mysql-settings";
import { processSettings } from "@tessera/service-kit/process-settings";

/** Reads every setting, or throws one error that names all the bad ones. */
export function readConfig(source: NodeJS.ProcessEnv) {
  const env = new EnvReader(source);
  return env.finish({
    ...processSettings(env),
    grpcPort: env.port("GRPC_PORT", 50_051),
    httpPort: env.port("HTTP_PORT", 9051),
    // One hot event needs one connection, many events as many as the server's cores can use.
    mysql: mysqlSettings(env, 16),
    // The owner's own sweeper comes first; this is for owners that never came back.
    orphanGraceSeconds: env.integer("ORPHAN_GRACE_SECONDS", { min: 0, max: 3_600, fallback: 15 }),
    sweepIntervalMs: env.integer("SWEEP_INTERVAL_MS", { min: 10, max: 60_000, fallback: 1_000 }),
  });
}
