import { EnvReader } from "@tessera/service-kit/env";
import { mysqlSettings } from "@tessera/service-kit/mysql-settings";
import { processSettings } from "@tessera/service-kit/process-settings";

const DAY_MS = 86_400_000;

/** Reads every setting, or throws one error that names all the bad ones. */
export function readConfig(source: NodeJS.ProcessEnv) {
  const env = new EnvReader(source);
  return env.finish({
    ...processSettings(env),
    mysql: mysqlSettings(env, 8),
    ...hashSettings(env),
    grpcPort: env.port("GRPC_PORT", 50_053),
    httpPort: env.port("HTTP_PORT", 9053),
    // Half a second of waiting at the default cost; whoever comes later is told so at once.
    hashQueue: env.integer("HASH_QUEUE", { min: 0, max: 10_000, fallback: 64 }),
    // A stolen one is good for this long, and so is the access of somebody who signed out.
    accessTokenSeconds: env.integer("ACCESS_TOKEN_SECONDS", { min: 60, max: 3_600, fallback: 900 }),
    refreshTokenMs: env.integer("REFRESH_TOKEN_DAYS", { min: 1, max: 365, fallback: 30 }) * DAY_MS,
    keyRotationMs: env.integer("SIGNING_KEY_DAYS", { min: 1, max: 365, fallback: 30 }) * DAY_MS,
    // Required, and never changed while keys that it sealed are in use.
    keyEncryptionKey: env.bytes("KEY_ENCRYPTION_KEY", 32),
  });
}

/** Reads what seeding an organiser needs. */
export function readSeedConfig(source: NodeJS.ProcessEnv) {
  const env = new EnvReader(source);
  return env.finish({
    mysql: mysqlSettings(env, 2),
    ...hashSettings(env),
    email: env.text("ORGANISER_EMAIL"),
    password: env.text("ORGANISER_PASSWORD"),
    name: env.text("ORGANISER_NAME"),
  });
}

function hashSettings(env: EnvReader) {
  // Node's own setting: hashes must leave threads for DNS, files and signatures.
  const threads = env.integer("UV_THREADPOOL_SIZE", { min: 2, max: 1024, fallback: 4 });
  const concurrencyMax = Math.max(1, threads - 1);
  return {
    // OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane.
    argon2Cost: {
      memoryCost: env.integer("ARGON2_MEMORY_KIB", { min: 128, max: 1_048_576, fallback: 19_456 }),
      timeCost: env.integer("ARGON2_TIME_COST", { min: 1, max: 100, fallback: 2 }),
      parallelism: env.integer("ARGON2_PARALLELISM", { min: 1, max: 16, fallback: 1 }),
    },
    hashConcurrency: env.integer("HASH_CONCURRENCY", {
      min: 1,
      max: concurrencyMax,
      fallback: Math.min(2, concurrencyMax),
    }),
  };
}
