import { randomUUID } from "node:crypto";

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The client's W3C trace context when it is valid, else a new one that is not sampled. Its trace
 * id is `uuid`'s, where the caller has one that is random: making more of them costs.
 */
export function traceparentOf(
  header: string | string[] | undefined,
  uuid: string = randomUUID(),
): string {
  if (typeof header === "string" && TRACEPARENT.test(header)) {
    return header;
  }
  // The 13th digit of a random UUID is its version: never all zero, as the standard demands.
  const trace = uuid.replaceAll("-", "");
  return `00-${trace}-${trace.slice(12, 28)}-00`;
}

/** The trace id within a trace context. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
