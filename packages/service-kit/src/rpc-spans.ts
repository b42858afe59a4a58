import type { DescMethod } from "@bufbuild/protobuf";
import { currentSpan, type Span } from "./span.ts";
import { parseTraceparent } from "./trace-context.ts";
import type { Tracing } from "./tracing.ts";

/** Codes that are somebody's fault on this side of the wire; a refusal is an answer. */
const FAULTS: ReadonlySet<string> = new Set([
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
]);

/** The span of a call that arrives; undefined unless its caller records it. */
export function beginServedSpan(
  tracing: Tracing | undefined,
  method: DescMethod,
  headers: Headers,
): Span | undefined {
  if (tracing === undefined) {
    return undefined;
  }
  const caller = parseTraceparent(headers.get("traceparent"));
  return caller?.isSampled === true
    ? tracing.serverSpan(nameOf(method), caller, attributesOf(method))
    : undefined;
}

/** The span of a call that is made; undefined unless it is made for a request that has one. */
export function beginCallSpan(method: DescMethod): Span | undefined {
  return currentSpan()?.child(nameOf(method), {
    kind: "client",
    attributes: attributesOf(method),
  });
}

/** Ends the span of a call, at either side of it, with the name of its google.rpc.Code. */
export function endCallSpan(span: Span | undefined, code: string): void {
  span?.end({
    attributes: { "rpc.status_code": code },
    errorType: FAULTS.has(code) ? code : undefined,
  });
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function attributesOf(method: DescMethod) {
  return { "rpc.system.name": "grpc", "rpc.method": nameOf(method) };
}
