import { EnvReader } from "@tessera/service-kit/env";
import { mysqlSettings } from "@tessera/service-kit/mysql-settings";
import { processSettings } from "@tessera/service-kit/process-settings";

/** The service's settings. */
export type Config = ReturnType<typeof readConfig>;

const REDIS = ["redis:", "rediss:"];

/** Everything that may differ between environments, and nothing else. */
export function readConfig(source: NodeJS.ProcessEnv) {
  const env = new EnvReader(source);
  const redisUrl = env.url("REDIS_URL", { protocols: REDIS });
  return env.finish({
    ...processSettings(env),
    grpcPort: env.port("GRPC_PORT", 50_052),
    httpPort: env.port("HTTP_PORT", 9052),
    inventoryAddress: env.address("INVENTORY_ADDRESS", "localhost:50051"),
    mysql: mysqlSettings(env, 16),
    redisUrl,
    // Independent nodes that vote on locks; one is enough, three outlive the loss of one.
    lockUrls: env.urls("REDIS_LOCK_URLS", { protocols: REDIS, fallback: [redisUrl] }),
    rpcTimeoutMs: env.integer("RPC_TIMEOUT_MS", { min: 50, max: 60_000, fallback: 2_000 }),
    // A dead holder stops an event for no longer than LOCK_WAIT_MS, whatever this is.
    lockTtlMs: env.integer("LOCK_TTL_MS", { min: 200, max: 60_000, fallback: 2_000 }),
    lockWaitMs: env.integer("LOCK_WAIT_MS", { min: 10, max: 10_000, fallback: 300 }),
    // Below LOCK_WAIT_MS, or nobody who waits sees a turn end.
    lockHoldMs: env.integer("LOCK_HOLD_MS", { min: 10, max: 60_000, fallback: 100 }),
    lockLingerMs: env.integer("LOCK_LINGER_MS", { min: 0, max: 1_000, fallback: 20 }),
    // The first signs passes, all of them verify: a new one comes last, and first once everybody has it.
    passSecrets: env.secrets("PASS_SECRETS", { minLength: 32 }),
    roomMaxPeople: env.integer("ROOM_MAX_PEOPLE", {
      min: 1,
      max: 100_000_000,
      fallback: 1_000_000,
    }),
    // How often a crowd may ask, altogether, in each waiting room.
    pollsPerSecond: env.integer("POLLS_PER_SECOND", { min: 1, max: 1_000_000, fallback: 1_000 }),
    admitIntervalMs: env.integer("ADMIT_INTERVAL_MS", { min: 10, max: 60_000, fallback: 250 }),
    // A step over hundreds of people takes longer than a lock does.
    roomTimeoutMs: env.integer("ROOM_TIMEOUT_MS", { min: 10, max: 10_000, fallback: 750 }),
    redisTimeoutMs: env.integer("REDIS_TIMEOUT_MS", { min: 10, max: 10_000, fallback: 250 }),
    // Larger batches cost less a wish, but then only one part of the system works at a time.
    batchSize: env.integer("BATCH_SIZE", { min: 1, max: 128, fallback: 128 }),
    // 1 until every inventory-svc takes batches of several events in one call.
    eventsPerCall: env.integer("EVENTS_PER_CALL", { min: 1, max: 32, fallback: 32 }),
    queueSize: env.integer("QUEUE_SIZE", { min: 1, max: 100_000, fallback: 5_000 }),
    soldOutTrustMs: env.integer("SOLD_OUT_TRUST_MS", { min: 0, max: 10_000, fallback: 1_000 }),
    // Two weeks; 0 forbids cancelling what was paid for.
    cancelConfirmedSeconds: env.integer("CANCEL_CONFIRMED_SECONDS", {
      min: 0,
      max: 31_536_000,
      fallback: 1_209_600,
    }),
    // A payment that comes later takes nothing again: without an end, a lapsed hold is a free option.
    lateConfirmSeconds: env.integer("LATE_CONFIRM_SECONDS", {
      min: 0,
      max: 86_400,
      fallback: 600,
    }),
    sweepIntervalMs: env.integer("SWEEP_INTERVAL_MS", { min: 50, max: 60_000, fallback: 1_000 }),
    sweepBatchSize: env.integer("SWEEP_BATCH_SIZE", { min: 1, max: 1_000, fallback: 500 }),
    relayIntervalMs: env.integer("RELAY_INTERVAL_MS", { min: 10, max: 60_000, fallback: 200 }),
    streamMaxLength: env.integer("STREAM_MAX_LENGTH", {
      min: 1_000,
      max: 100_000_000,
      fallback: 1_000_000,
    }),
    // How long a request id is remembered, and a published move kept.
    retentionDays: env.integer("RETENTION_DAYS", { min: 1, max: 3_650, fallback: 7 }),
  });
}
