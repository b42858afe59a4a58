import type { EnvReader } from "./env.ts";

/** What every process is told. */
export type ProcessSettings = ReturnType<typeof processSettings>;

/** Reads what every process is told. */
export function processSettings(env: EnvReader) {
  return {
    logLevel: env.oneOf("LOG_LEVEL", ["debug", "info", "warn", "error", "silent"], "info"),
    /** Where a collector takes OTLP over HTTP; undefined for no tracing at all. */
    otlpEndpoint: env.optionalUrl("OTEL_EXPORTER_OTLP_ENDPOINT", {
      protocols: ["http:", "https:"],
    }),
    /** How long to serve on after readiness went false: longer than endpoints take to leave the mesh's load balancers. */
    drainMs: env.integer("DRAIN_MS", { min: 0, max: 60_000, fallback: 5_000 }),
    /** How long calls in flight may take after that. With none, each roll-out would cut them off. */
    graceMs: env.integer("GRACE_MS", { min: 100, max: 60_000, fallback: 10_000 }),
  };
}
