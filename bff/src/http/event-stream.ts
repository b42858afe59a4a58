import { once } from "node:events";
import type { Response } from "express";
import type { Exchange } from "./exchange.ts";
import { endRequestSpan } from "./request-span.ts";

/** How a stream is written. */
export interface EventStreamOptions {
  /** When clients are to connect again after the end. */
  retryMs: number;
  /** A reader that takes nothing for so long is cut off. */
  stallMs: number;
  /** Ends the wait for a reader. */
  signal: AbortSignal;
}

/** An exchange's answer as server-sent events (WHATWG HTML, section 9.2). */
export class EventStream {
  readonly #response: Response;
  readonly #stallMs: number;
  readonly #signal: AbortSignal;

  /** Sends the head: what fails from here on is told by events. */
  constructor(exchange: Exchange, { retryMs, stallMs, signal }: EventStreamOptions) {
    const { response, fixedHeaders, headers, requestId } = exchange;
    this.#response = response;
    this.#stallMs = stallMs;
    this.#signal = signal;
    exchange.streamTime = performance.now();
    // What is polled from here on belongs to no request.
    endRequestSpan(exchange, 200);
    response.writeHead(200, [
      ...fixedHeaders,
      ...headers,
      ...["X-Request-Id", requestId],
      ...["Content-Type", "text/event-stream; charset=utf-8"],
      ...["Cache-Control", "no-store"],
      // Proxies that buffer answers, nginx among them, would keep the events to themselves.
      ...["X-Accel-Buffering", "no"],
    ]);
    response.write(`retry: ${retryMs}\n\n`);
  }

  /** Sends an event; resolves when there is room for another. */
  send(event: string, data: object): Promise<void> {
    return this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Sends nothing, so that no proxy takes the connection for a dead one. */
  heartbeat(): Promise<void> {
    return this.#write(":\n\n");
  }

  /** Ends the stream; the client may connect again. */
  end(): void {
    this.#response.end();
  }

  async #write(chunk: string): Promise<void> {
    if (this.#response.destroyed || this.#response.write(chunk)) {
      return;
    }
    try {
      const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(this.#stallMs)]);
      await once(this.#response, "drain", { signal });
    } catch {
      // Who does not read is not there: what was written for them must not stay in memory.
      this.#response.destroy();
    }
  }
}
