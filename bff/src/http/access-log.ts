import { briefError } from "@tessera/service-kit/logged-error";
import type { Logger } from "@tessera/service-kit/logger";
import { LATENCY_BUCKETS } from "@tessera/service-kit/metrics";
import { traceIdOf } from "@tessera/service-kit/trace-context";
import { Counter, Histogram, type Registry } from "prom-client";
import type { Exchange } from "./exchange.ts";
import { endRequestSpan } from "./request-span.ts";

/** nginx's status for a client that left before its answer; it is never sent. */
const CLIENT_GONE = 499;

/** One log line and one observation for each exchange that ended, and the end of its span. */
export function observeExchanges(logger: Logger, registry: Registry): (exchange: Exchange) => void {
  const duration = new Histogram({
    name: "http_server_request_duration_seconds",
    help: "How long an answer took, from the request's head to its end; a stream, to its head.",
    labelNames: ["method", "route", "status"],
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
  const total = new Counter({
    name: "http_server_requests_total",
    help: "Requests answered, by outcome; code is OK or the problem's.",
    labelNames: ["method", "route", "status", "code"],
    registers: [registry],
  });
  // Looking labels up costs more than counting; there are few combinations of them.
  const bound = new Map<string, ReturnType<typeof bind>>();
  const bind = (method: string, route: string, status: string, code: string) => ({
    duration: duration.labels(method, route, status),
    total: total.labels(method, route, status, code),
  });

  return (exchange) => {
    const { request, response, route, streamTime } = exchange;
    const endTime = performance.now();
    const seconds = (endTime - exchange.startTime) / 1000;
    // A stream was answered when it began: that its client leaves in the end is no failure.
    const isAnswered = response.writableFinished || streamTime !== undefined;
    const status = isAnswered ? response.statusCode : CLIENT_GONE;
    const code = isAnswered ? exchange.code : "CANCELLED";
    const key = `${request.method} ${route} ${status} ${code}`;
    let metrics = bound.get(key);
    if (metrics === undefined) {
      metrics = bind(request.method, route, String(status), code);
      bound.set(key, metrics);
    }
    metrics.duration.observe(((streamTime ?? endTime) - exchange.startTime) / 1000);
    metrics.total.inc();
    endRequestSpan(exchange, status);
    const line = {
      requestId: exchange.requestId,
      traceId: traceIdOf(exchange.traceparent),
      spanId: exchange.span?.spanId,
      method: request.method,
      route,
      status,
      code,
      durationMs: Math.round(seconds * 1e5) / 100,
      userId: exchange.verified?.userId,
      rpcRequestId: exchange.call?.requestId,
      rpcTraceId: exchange.call?.traceId,
    };
    const { thrown } = exchange;
    if (exchange.code === "INTERNAL") {
      logger.error({ ...line, err: thrown }, "request");
    } else if (status >= 500) {
      logger.warn({ ...line, err: briefError(thrown) }, "request");
    } else {
      logger.info(line, "request");
    }
  };
}
