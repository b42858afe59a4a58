import { EnvReader } from "@tessera/service-kit/env";
import { processSettings } from "@tessera/service-kit/process-settings";
import { SAMPLERS } from "./http/sampler.ts";

/** The BFF's settings. */
export type Config = ReturnType<typeof readConfig>;

/** Everything that may differ between environments, and nothing else. */
export function readConfig(source: NodeJS.ProcessEnv) {
  const env = new EnvReader(source);
  return env.finish({
    ...processSettings(env),
    port: env.port("PORT", 8080),
    /** `/livez`, `/readyz` and `/metrics`: not for the public. */
    adminPort: env.port("ADMIN_PORT", 9050),
    inventoryAddress: env.address("INVENTORY_ADDRESS", "localhost:50051"),
    reservationAddress: env.address("RESERVATION_ADDRESS", "localhost:50052"),
    userAddress: env.address("USER_ADDRESS", "localhost:50053"),
    /** Where replicas share their counts of sign-ins; each counts alone while it is away. */
    redisUrl: env.url("REDIS_URL", {
      protocols: ["redis:", "rediss:"],
      fallback: "redis://localhost:6379",
    }),
    /** Which requests are recorded, with all that is done for them; see http/sampler.ts. */
    sampler: env.oneOf("OTEL_TRACES_SAMPLER", SAMPLERS, "traceidratio"),
    /** The share of requests, for a sampler with a ratio. */
    sampleRatio: env.fraction("OTEL_TRACES_SAMPLER_ARG", 0.01),
    /** One more is closed at once. k6's hot-seat, a crowd of 10,000, has 14,700, with 453 MiB in all. */
    maxConnections: env.integer("MAX_CONNECTIONS", { min: 1, max: 1_000_000, fallback: 20_000 }),
    /** Origins whose pages may call; empty means that no other origin's may. */
    corsOrigins: env.origins("CORS_ORIGINS"),
    /** How many proxies in front are ours: the client's address is that far from the right. */
    trustProxyHops: env.integer("TRUST_PROXY", { min: 0, max: 10, fallback: 0 }),
    /** The deadline of a call to a service; a database's failover is longer, a buyer's patience not. */
    rpcTimeoutMs: env.integer("RPC_TIMEOUT_MS", { min: 50, max: 60_000, fallback: 2_000 }),
    ...combining(env),
    ...limits(env),
    ...streams(env),
    ...reads(env),
    /** What reservation-svc signs admission passes with; the first one signs, all of them verify. */
    passSecrets: env.secrets("PASS_SECRETS", { minLength: 32 }),
  });
}

/** How calls to services share what many want at once. */
function combining(env: EnvReader) {
  return {
    /** At most 500: what reservation-svc takes in one batch. */
    reserveMaxBatch: env.integer("RESERVE_MAX_BATCH", { min: 1, max: 500, fallback: 128 }),
    reserveMaxInFlight: env.integer("RESERVE_MAX_IN_FLIGHT", { min: 1, max: 64, fallback: 8 }),
    /** One more waiting request than this is answered 503 at once. */
    reserveMaxQueue: env.integer("RESERVE_MAX_QUEUE", { min: 1, max: 100_000, fallback: 5_000 }),
  };
}

/** How often one address, account or user may ask for what; of a user at once, and in the long run. */
export type LimitsConfig = ReturnType<typeof limits>;

function limits(env: EnvReader) {
  return {
    /** Of one network address, like the next two: offices share one. */
    signInPerSecond: env.integer("SIGN_IN_PER_SECOND", limit(50)),
    refreshPerSecond: env.integer("REFRESH_PER_SECOND", limit(50)),
    signUpPerSecond: env.integer("SIGN_UP_PER_SECOND", limit(50)),
    /** Of one account, wherever they come from. */
    failedSignInsPerMinute: env.integer("FAILED_SIGN_INS_PER_MINUTE", limit(10)),
    reservePerSecond: env.integer("RESERVE_PER_SECOND", limit(30)),
    /** At least RESERVE_PER_SECOND. */
    reserveBurst: env.integer("RESERVE_BURST", limit(60)),
    /** Whatever else needs a token. */
    userPerSecond: env.integer("USER_PER_SECOND", limit(30)),
    /** At least USER_PER_SECOND. */
    userBurst: env.integer("USER_BURST", limit(60)),
    /** Joining, polling, leaving. */
    queuePerSecond: env.integer("QUEUE_PER_SECOND", limit(5)),
    /** At least QUEUE_PER_SECOND. */
    queueBurst: env.integer("QUEUE_BURST", limit(20)),
  };
}

/** How many places are followed, and for how long. */
function streams(env: EnvReader) {
  return {
    /** Places that are followed at once; beyond it people must poll. */
    queueStreams: env.integer("QUEUE_STREAMS", { min: 0, max: 100_000, fallback: 5_000 }),
    /** Short enough that those who vanished without a word do not keep their place for long. */
    queueStreamSeconds: env.integer("QUEUE_STREAM_SECONDS", {
      min: 1,
      max: 86_400,
      fallback: 600,
    }),
  };
}

/** How old answers to reads may be, and how much is kept of them. */
export type ReadsConfig = ReturnType<typeof reads>;

function reads(env: EnvReader) {
  return {
    /** Lists and details older than this are refreshed behind the scenes. */
    eventsFreshMs: env.integer("EVENTS_FRESH_MS", { min: 0, max: 60_000, fallback: 500 }),
    /** Nobody is given older ones, unless inventory-svc fails; 0 keeps none. */
    eventsMaxAgeMs: env.integer("EVENTS_MAX_AGE_MS", { min: 0, max: 60_000, fallback: 1_000 }),
    /** What they may be given up to while inventory-svc fails; 0 for never. */
    eventsStaleIfErrorMs: env.integer("EVENTS_STALE_IF_ERROR_MS", {
      min: 0,
      max: 3_600_000,
      fallback: 60_000,
    }),
    availabilityFreshMs: env.integer("AVAILABILITY_FRESH_MS", {
      min: 0,
      max: 1_000,
      fallback: 250,
    }),
    /** A second at most, whatever fails: what is sold out must not look available for longer. */
    availabilityMaxAgeMs: env.integer("AVAILABILITY_MAX_AGE_MS", {
      min: 0,
      max: 1_000,
      fallback: 1_000,
    }),
    /** Of each kind: lists, details, availability. */
    readCacheEntries: env.integer("READ_CACHE_ENTRIES", { min: 1, max: 1e6, fallback: 5_000 }),
    /** Of each kind. */
    readCacheMebibytes: env.integer("READ_CACHE_MEBIBYTES", { min: 1, max: 4_096, fallback: 4 }),
    /** Of single events, or of one's own reservations. */
    readsPerCall: env.integer("READS_PER_CALL", { min: 1, max: 100, fallback: 64 }),
    /**
     * Of each kind, under way at a service; one more is answered 503 at once. So few that a slow
     * database has answered all of them before anybody's deadline.
     */
    readMaxLoads: env.integer("READ_MAX_LOADS", { min: 1, max: 100_000, fallback: 128 }),
  };
}

function limit(fallback: number) {
  return { min: 1, max: 1_000_000, fallback };
}
