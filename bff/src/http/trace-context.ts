import { randomUUID } from "node:crypto";

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The client's W3C trace context when it is valid, else a new one that is not sampled. */
export function traceparentOf(header: string | string[] | undefined): string {
  if (typeof header === "string" && TRACEPARENT.test(header)) {
    return header;
  }
  const span = randomUUID();
  return `00-${randomUUID().replaceAll("-", "")}-${span.slice(0, 8)}${span.slice(28)}-00`;
}

/** The trace id within a trace context. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
