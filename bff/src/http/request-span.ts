import type { Span } from "@tessera/service-kit/span";
import type { TraceContext } from "@tessera/service-kit/trace-context";
import type { Tracing } from "@tessera/service-kit/tracing";
import type { Request } from "express";
import type { Exchange } from "./exchange.ts";
import type { Sampler } from "./sampler.ts";

/** Begins the span of a request; undefined when it is not recorded. */
export type BeginSpan = (request: Request, caller: TraceContext | undefined) => Span | undefined;

/** Records the requests that the sampler picks. */
export function spansFor(tracing: Tracing, isSampled: Sampler): BeginSpan {
  return ({ method }, caller) =>
    isSampled(caller)
      ? tracing.serverSpan(method, caller, { "http.request.method": method })
      : undefined;
}

/** Ends an exchange's span: only now are its route and its outcome known. */
export function endRequestSpan(
  { span, request, route, requestId, code }: Exchange,
  status: number,
): void {
  span?.end({
    name: `${request.method} ${route}`,
    attributes: {
      "http.route": route,
      "http.response.status_code": status,
      "tessera.code": code,
      "tessera.request_id": requestId,
    },
    errorType: status >= 500 ? code : undefined,
  });
}
