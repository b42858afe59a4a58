import { createParser, type EventSourceParser } from "eventsource-parser";

/** One server-sent event. */
export interface StreamedEvent {
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into data of every shape.
  data: any;
}

/** An answer of server-sent events, which grow as they arrive. */
export interface EventStream {
  status: number;
  headers: Headers;
  events: readonly StreamedEvent[];
  /** How many comments came: heartbeats. */
  heartbeats: () => number;
  /** When to connect again; undefined before it was said. */
  retryMs: () => number | undefined;
  /** Resolves to true when the server has ended the stream, to false when it was cut. */
  ended: Promise<boolean>;
  /** Goes away. */
  close: () => void;
}

/** Listens to an address that answers with server-sent events whose data are JSON. */
export async function listen(url: string, token: string): Promise<EventStream> {
  const controller = new AbortController();
  const response = await fetch(url, {
    headers: { accept: "text/event-stream", authorization: `Bearer ${token}` },
    signal: controller.signal,
  });
  const events: StreamedEvent[] = [];
  let heartbeats = 0;
  let retryMs: number | undefined;
  const parser = createParser({
    onEvent: ({ event = "message", data }) => events.push({ event, data: JSON.parse(data) }),
    onComment: () => {
      heartbeats += 1;
    },
    onRetry: (ms) => {
      retryMs = ms;
    },
  });
  return {
    status: response.status,
    headers: response.headers,
    events,
    heartbeats: () => heartbeats,
    retryMs: () => retryMs,
    ended: readAll(response, parser).then(
      () => true,
      () => false,
    ),
    close: () => controller.abort(),
  };
}

async function readAll({ body }: Response, parser: EventSourceParser): Promise<void> {
  for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    parser.feed(text);
  }
}
