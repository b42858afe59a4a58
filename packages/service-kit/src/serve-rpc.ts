import { setTimeout } from "node:timers/promises";
import type { DescService } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import type { Registry } from "prom-client";
import { adminListener } from "./admin-listener.ts";
import { toConnectError } from "./connect-error.ts";
import { addService, type CallOptions, listen, type OnCall, stop } from "./grpc-server.ts";
import { HttpPort } from "./http-port.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./logger.ts";
import { rpcMetrics } from "./metrics.ts";
import { addReflection } from "./reflection.ts";
import { givenRequestId } from "./request-id.ts";
import { beginServedSpan, endCallSpan } from "./rpc-spans.ts";
import { codeName } from "./rpc-status.ts";
import { inSpan } from "./span.ts";
import { newTraceparent, parseTraceparent, traceIdOf } from "./trace-context.ts";
import type { Tracing } from "./tracing.ts";

/** A service with the handlers that serve it. */
export interface Served {
  service: DescService;
  implementation: ServiceImpl<DescService>;
}

/** Pairs a service with handlers that fit it. */
export function served<S extends DescService>(service: S, implementation: ServiceImpl<S>): Served {
  return { service, implementation };
}

/** Everything that a process needs so that its services can be called. */
export interface ServeRpcOptions {
  services: readonly Served[];
  /** The `domain` of their errors, such as `inventory.tessera`. */
  domain: string;
  grpcPort: number;
  httpPort: number;
  logger: Logger;
  registry: Registry;
  lifecycle: Lifecycle;
  /** Rejects, with the reason, while the process cannot do its work. */
  checkReady: () => Promise<void>;
  /** How long to keep serving after readiness went false, until nobody sends any more. */
  drainMs: number;
  /** How long calls in flight may take to finish after that. */
  graceMs: number;
  /** Records the calls that their callers record. Defaults to none. */
  tracing?: Tracing | undefined;
}

/** Messages above this are refused: the largest legal batch is well below. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Node's timers count no further: a longer one would be over at once, and its call cancelled. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Serves a process's services: gRPC with health, service by service, and reflection on one port;
 * Connect JSON, `/livez`, `/readyz` and `/metrics` on the other. Closing the lifecycle drains it.
 */
export async function serveRpc(
  options: ServeRpcOptions,
): Promise<{ grpcPort: number; httpPort: number }> {
  const { services, domain, logger, registry, lifecycle, tracing } = options;
  // The empty name stands for the whole server.
  const names = ["", ...services.map(({ service }) => service.typeName)];
  const calls = { domain, onCall: callObserver(logger, registry), tracing };
  let isStopping = false;

  const grpc = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_concurrent_streams": 1000,
  });
  for (const { service, implementation } of services) {
    addService(grpc, service, implementation, calls);
  }
  const health = new HealthImplementation(
    Object.fromEntries(names.map((name) => [name, "SERVING" as const])),
  );
  health.addToServer(grpc);
  addReflection(
    grpc,
    services.map(({ service }) => service),
  );
  const grpcPort = await listen(grpc, options.grpcPort);
  let http: HttpPort | undefined;
  // At the same time: calls in flight have this long, whichever port they came by.
  lifecycle.onClose("ports", () =>
    Promise.all([stop(grpc, options.graceMs), http?.close(options.graceMs)]),
  );

  const connect = connectNodeAdapter({
    routes: (router) => {
      for (const { service, implementation } of services) {
        router.service(service, implementation);
      }
    },
    interceptors: [observeConnect(calls)],
    grpc: false,
    readMaxBytes: MAX_MESSAGE_BYTES,
    maxTimeoutMs: MAX_TIMER_MS,
    fallback: (_request, response) => {
      response.statusCode = 404;
      response.end("not found\n");
    },
  });
  const readiness = { check: options.checkReady, isStopping: () => isStopping, logger };
  http = await HttpPort.open(adminListener(registry, readiness, connect), options.httpPort);

  // Registered last, so it runs first: say no, then wait until nobody asks any more.
  lifecycle.onClose("readiness", async () => {
    isStopping = true;
    for (const name of names) {
      health.setStatus(name, "NOT_SERVING");
    }
    await setTimeout(options.drainMs);
  });
  logger.info({ grpcPort, httpPort: http.port }, "serving");
  return { grpcPort, httpPort: http.port };
}

/** One metric and one log line a call; what a handler threw is logged whole, once, here. */
function callObserver(logger: Logger, registry: Registry): OnCall {
  const observe = rpcMetrics(registry);
  return ({ method, headers, code, seconds, thrown, span }) => {
    endCallSpan(span, code);
    observe({ service: method.parent.typeName, method: method.name, code, seconds });
    const line = {
      method: method.name,
      code,
      durationMs: Math.round(seconds * 1e5) / 100,
      requestId: givenRequestId(headers.get("x-request-id")),
      traceId: span?.traceId ?? traceIdIn(headers),
      spanId: span?.spanId,
    };
    if (code === "INTERNAL" || code === "UNKNOWN") {
      logger.error({ ...line, err: thrown }, "rpc");
    } else if (code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED") {
      logger.warn({ ...line, err: thrown }, "rpc");
    } else {
      logger.info(line, "rpc");
    }
  };
}

/** The trace that the caller names; one of its own for a caller that names none. */
function traceIdIn(headers: Headers): string {
  const header = headers.get("traceparent");
  return parseTraceparent(header)?.traceId ?? traceIdOf(newTraceparent());
}

function observeConnect({ domain, onCall, tracing }: CallOptions): Interceptor {
  return (next) => async (request) => {
    const startTime = performance.now();
    const { method, header: headers } = request;
    const span = beginServedSpan(tracing, method, headers);
    const done = (code: string, thrown?: unknown) => {
      const seconds = (performance.now() - startTime) / 1000;
      onCall({ method, headers, code, seconds, thrown, span });
    };
    try {
      const response = await inSpan(span, () => next(request));
      done("OK");
      return response;
    } catch (thrown) {
      const failure = toConnectError(thrown, domain);
      done(codeName(failure.code), thrown);
      throw failure;
    }
  };
}
