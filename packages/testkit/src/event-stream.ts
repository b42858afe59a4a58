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
  const take = (block: string) => {
    const fields = new Map(block.split("\n").map((line) => splitAt(line, line.indexOf(":"))));
    if (fields.has("")) {
      heartbeats += 1;
    } else if (fields.has("retry")) {
      retryMs = Number(fields.get("retry"));
    } else {
      const data = fields.get("data") ?? "null";
      events.push({ event: fields.get("event") ?? "message", data: JSON.parse(data) });
    }
  };
  return {
    status: response.status,
    headers: response.headers,
    events,
    heartbeats: () => heartbeats,
    retryMs: () => retryMs,
    ended: readBlocks(response, take).then(
      () => true,
      () => false,
    ),
    close: () => controller.abort(),
  };
}

async function readBlocks(response: Response, take: (block: string) => void): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    blocks.forEach(take);
  }
}

function splitAt(line: string, index: number): [string, string] {
  return [line.slice(0, index), line.slice(index + 1).trim()];
}
