import { hostname } from "node:os";
import {
  type Context,
  type Span as OpenSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { within } from "./deadline.ts";
import type { Logger } from "./logger.ts";
import {
  ATTRIBUTE_NAMES,
  type Attributes,
  type Span,
  type SpanEnd,
  type SpanStart,
} from "./span.ts";
import type { TraceContext } from "./trace-context.ts";
import type { Tracing, TracingOptions } from "./tracing.ts";

/** Spans that wait for their export; what comes on top is dropped. */
const MAX_QUEUE = 2_048;
/** Spans of one export: what is written at a time keeps requests waiting. */
const MAX_BATCH = 128;
/** How long a process that stops waits for the last export, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} as const;

/** Spans by OpenTelemetry's SDK, exported as OTLP over HTTP, in JSON. */
export class OtelTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;

  constructor(options: TracingOptions & { endpoint: string }) {
    const { service, endpoint, logger, exportEveryMs = 500, exportTimeoutMs = 3_000 } = options;
    const exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/$/, "")}/v1/traces`,
      timeoutMillis: exportTimeoutMs,
      // All that waits, at once, when the process ends.
      concurrencyLimit: MAX_QUEUE / MAX_BATCH + 1,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        "service.name": service,
        "service.namespace": "tessera",
        "service.instance.id": `${hostname()}-${process.pid}`,
      }),
      // Whether a request is recorded was decided before there is a span of it.
      sampler: new AlwaysOnSampler(),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: toldOnce(exporter, logger),
          maxQueueSize: MAX_QUEUE,
          maxExportBatchSize: MAX_BATCH,
          scheduledDelayMillis: exportEveryMs,
          exportTimeoutMillis: exportTimeoutMs,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer("tessera");
  }

  serverSpan(name: string, caller: TraceContext | undefined, attributes: Attributes): Span {
    const parent =
      caller === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, {
            traceId: caller.traceId,
            spanId: caller.spanId,
            traceFlags: TraceFlags.SAMPLED,
            isRemote: true,
          });
    return new OtelSpan(this.#tracer, parent, name, { kind: "server", attributes });
  }

  /** Exports what is left. Spans are no reason to hold up, or to fail, the end of a process. */
  async close(): Promise<void> {
    const closed = within(CLOSE_TIMEOUT_MS, "the last export of spans", this.#provider.shutdown());
    await closed.catch(() => undefined);
  }
}

class OtelSpan implements Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly #tracer: Tracer;
  readonly #span: OpenSpan;
  #isEnded = false;

  constructor(tracer: Tracer, parent: Context, name: string, start: SpanStart) {
    const { kind, attributes = {}, links = [] } = start;
    const options = {
      kind: KINDS[kind],
      attributes: allowed(attributes),
      links: links.map((one) => ({ context: contextOf(one) })),
    };
    this.#tracer = tracer;
    this.#span = tracer.startSpan(name, options, parent);
    const { traceId, spanId } = this.#span.spanContext();
    this.traceId = traceId;
    this.spanId = spanId;
  }

  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-01`;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  child(name: string, start: SpanStart): Span {
    return new OtelSpan(this.#tracer, trace.setSpan(ROOT_CONTEXT, this.#span), name, start);
  }

  link(other: Span): void {
    if (!this.#isEnded) {
      this.#span.addLink({ context: contextOf(other) });
    }
  }

  end({ name, attributes = {}, errorType }: SpanEnd = {}): void {
    if (this.#isEnded) {
      return;
    }
    this.#isEnded = true;
    if (name !== undefined) {
      this.#span.updateName(name);
    }
    this.#span.setAttributes(allowed(attributes));
    if (errorType !== undefined) {
      this.#span.setAttribute("error.type", errorType);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

function contextOf({ traceId, spanId }: Span) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

const ALLOWED: ReadonlySet<string> = new Set(ATTRIBUTE_NAMES);

/** Types forbid other names already; what they overlook ends here. */
function allowed(attributes: Attributes): Record<string, string | number> {
  const kept: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (ALLOWED.has(name)) {
      kept[name] = value;
    }
  }
  return kept;
}

/** Says once that exports fail, and not again until one has succeeded. */
function toldOnce(exporter: SpanExporter, logger: Logger): SpanExporter {
  let isFailing = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        // 0 is success; the enumeration is in a package that nothing else needs.
        const hasFailed = result.code !== 0;
        if (hasFailed && !isFailing) {
          logger.warn({ err: result.error }, "spans cannot be exported; they are dropped");
        }
        isFailing = hasFailed;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}
