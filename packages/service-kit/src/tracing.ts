import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./logger.ts";
import type { Attributes, Span } from "./span.ts";
import type { TraceContext } from "./trace-context.ts";

/** Begins the spans of requests that arrive, and exports them and all their parts. */
export interface Tracing {
  /** A server's span, as a part of its caller's; the root of a new trace without one. */
  serverSpan(name: string, caller: TraceContext | undefined, attributes: Attributes): Span;
}

/** How a process is traced. */
export interface TracingOptions {
  /** The process's name. */
  service: string;
  /** Where a collector takes OTLP over HTTP; undefined for no tracing at all. */
  endpoint: string | undefined;
  logger: Logger;
  /** Closing it exports what is left, for a moment at most. */
  lifecycle: Lifecycle;
  /** How long a span waits for others before it is exported. Defaults to half a second. */
  exportEveryMs?: number;
  /** How long an export may take, its retries included, in milliseconds. Defaults to 3 s. */
  exportTimeoutMs?: number;
}

/**
 * Starts to record spans. Call it first thing, so that it ends last.
 *
 * Without an endpoint it does nothing, and not a line of OpenTelemetry's is loaded.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing | undefined> {
  const { endpoint, lifecycle } = options;
  if (endpoint === undefined) {
    return undefined;
  }
  const [{ OtelTracing }, { recordStores }] = await Promise.all([
    import("./otel-tracing.ts"),
    import("./store-spans.ts"),
  ]);
  const tracing = new OtelTracing({ ...options, endpoint });
  lifecycle.onClose("tracing", () => tracing.close());
  lifecycle.onClose("spans of stores", recordStores());
  return tracing;
}
