import type { ServiceName } from "@tessera/testkit/services";

/** What a service is given of the environment of whoever starts it, beside LOG_LEVEL. */
export function passedOn(service: ServiceName, env: NodeJS.ProcessEnv): Record<string, string> {
  const given = Object.entries(env).filter(
    ([name]) => name.startsWith("OTEL_") || (service === "bff" && name === "CORS_ORIGINS"),
  );
  return Object.fromEntries(given.map(([name, value = ""]) => [name, value]));
}
