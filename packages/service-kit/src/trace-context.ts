import { randomUUID } from "node:crypto";

/** Where in which trace a caller is, as W3C's `traceparent` header tells it. */
export interface TraceContext {
  /** 32 hex digits, not all of them zero. */
  traceId: string;
  /** The caller's own span: 16 hex digits, not all of them zero. */
  spanId: string;
  /** True when the caller records its part of the trace. */
  isSampled: boolean;
}

const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent` header; undefined for one that is missing or not valid. */
export function parseTraceparent(header: unknown): TraceContext | undefined {
  const match = typeof header === "string" ? TRACEPARENT.exec(header) : null;
  const [, version, traceId = "", spanId = "", flags = "", more] = match ?? [];
  // Later versions may say more behind the flags; this one must not.
  if (version === undefined || (version === "00" && more !== undefined)) {
    return undefined;
  }
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The `traceparent` that goes on with a trace in which nobody records this request. */
export function unsampledTraceparent({ traceId, spanId }: TraceContext): string {
  return `00-${traceId}-${spanId}-00`;
}

/**
 * The `traceparent` of a new trace that nobody records. Its id is `uuid`'s, where the caller has
 * one that is random: making more of them costs.
 */
export function newTraceparent(uuid: string = randomUUID()): string {
  // The 13th digit of a random UUID is its version: never all zero, as the standard demands.
  const trace = uuid.replaceAll("-", "");
  return `00-${trace}-${trace.slice(12, 28)}-00`;
}

/** The trace id within a valid `traceparent`. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
