import { Lifecycle } from "./lifecycle.ts";
import { createLogger } from "./logger.ts";
import { createRegistry } from "./metrics.ts";
import type { ProcessSettings } from "./process-settings.ts";
import { stopDeadlineMs, stopOnSignal } from "./run.ts";
import { startTracing } from "./tracing.ts";

/** What every process begins with; it stops when it is told to. */
export async function begin(service: string, settings: ProcessSettings) {
  const logger = createLogger({ service, level: settings.logLevel });
  const registry = createRegistry(service);
  const lifecycle = new Lifecycle();
  stopOnSignal(lifecycle, logger, stopDeadlineMs(settings));
  const endpoint = settings.otlpEndpoint;
  const tracing = await startTracing({ service, endpoint, logger, lifecycle });
  return { logger, registry, lifecycle, tracing };
}
