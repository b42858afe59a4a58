import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** A span as it was exported. */
export interface ExportedSpan {
  service: string;
  name: string;
  kind: "internal" | "server" | "client";
  traceId: string;
  spanId: string;
  /** Empty for the root of a trace. */
  parentSpanId: string;
  attributes: Readonly<Record<string, string | number>>;
  /** The ids of the spans that it is linked with. */
  links: readonly string[];
  isError: boolean;
  /** As it came, whole. */
  text: string;
}

/** How a collector answers. */
export type CollectorMood = "takes" | "refuses" | "hangs";

/** A collector that takes OTLP over HTTP in JSON, in this process, and keeps every span. */
export class TraceCollector {
  readonly spans: ExportedSpan[] = [];
  mood: CollectorMood = "takes";
  /** Exports that arrived, however they were answered. */
  exports = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void json(request).then((body) => this.#answer(request.url, body, response));
    });
  }

  /** Listens on any port of this machine. */
  static async open(): Promise<TraceCollector> {
    const collector = new TraceCollector();
    collector.#server.listen(0, "127.0.0.1");
    await once(collector.#server, "listening");
    return collector;
  }

  /** What OTEL_EXPORTER_OTLP_ENDPOINT is to be. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans of one service whose name matches. */
  named(service: string, name: RegExp): ExportedSpan[] {
    return this.spans.filter((span) => span.service === service && name.test(span.name));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #answer(url: string | undefined, body: unknown, response: ServerResponse): void {
    this.exports += 1;
    if (this.mood === "hangs") {
      return;
    }
    if (this.mood === "refuses" || url !== "/v1/traces") {
      response.writeHead(400).end();
      return;
    }
    this.spans.push(...spansIn(body as Exported));
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  }
}

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number };
}

interface Exported {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        kind: number;
        attributes?: Attribute[];
        links?: { spanId: string }[];
        status?: { code?: number };
      }[];
    }[];
  }[];
}

const KINDS = ["internal", "internal", "server", "client"] as const;
/** Of opentelemetry.proto.trace.v1.Status. */
const STATUS_ERROR = 2;

function spansIn({ resourceSpans }: Exported): ExportedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)["service.name"]);
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map((span) => ({
        service,
        name: span.name,
        kind: KINDS[span.kind] ?? "internal",
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? "",
        attributes: valuesOf(span.attributes ?? []),
        links: (span.links ?? []).map(({ spanId }) => spanId),
        isError: span.status?.code === STATUS_ERROR,
        text: JSON.stringify(span),
      }));
  });
}

function valuesOf(attributes: readonly Attribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? Number(value.intValue ?? value.doubleValue),
    ]),
  );
}
