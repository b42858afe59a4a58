import type { CallOptions, HandlerContext } from "@connectrpc/connect";
import { ServiceError } from "./service-error.ts";

/** Kept back at each hop, so that the hop that ran out of time is the one that says so. */
const HOP_MARGIN_MS = 20;

/** The metadata that travels along the whole call chain. */
const TRAVELLING = ["x-request-id", "traceparent", "tracestate"] as const;

/**
 * Options for a call made on behalf of a call being served: what is left of its deadline less a
 * margin, its cancellation, its request id and its trace context.
 */
export function onBehalfOf(context: HandlerContext): CallOptions {
  const headers = new Headers();
  for (const name of TRAVELLING) {
    const value = context.requestHeader.get(name);
    if (value !== null) {
      headers.set(name, value);
    }
  }
  const leftMs = context.timeoutMs();
  return {
    headers,
    signal: context.signal,
    ...(leftMs === undefined ? {} : { timeoutMs: Math.max(1, leftMs - HOP_MARGIN_MS) }),
  };
}

/**
 * Settles as `work` does, or rejects with DEADLINE_EXCEEDED after `timeoutMs`.
 *
 * The work itself goes on: use it where a library offers no deadline of its own.
 */
export async function within<T>(timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new ServiceError("DEADLINE_EXCEEDED", `${what} took longer than ${timeoutMs} ms`, {
          metadata: { what },
        }),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
