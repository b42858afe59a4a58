import { connect, type Socket } from "node:net";
import { createHistogram } from "node:perf_hooks";

/** A load: closed-loop, each connection sends its next request when the last is answered. */
export interface Load {
  port: number;
  /** Keep-alive connections, all opened before the clock starts. */
  connections: number;
  /** Ends by time, in seconds … */
  seconds?: number;
  /** … or after this many requests, whichever comes first. */
  requests?: number;
  /** The whole request of this index, headers and body: see `postJson`. */
  request: (index: number) => string;
  /** Told each answer; keep it cheap. */
  onAnswer?: (index: number, status: number, body: Buffer) => void;
}

/** What a load came to. Latencies in milliseconds. */
export interface LoadResult {
  connections: number;
  seconds: number;
  answered: number;
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
  byStatus: Record<string, number>;
}

/**
 * Runs a load from this process.
 *
 * A bare socket client on purpose: on two cores the generator takes its time from whoever it
 * measures, and a full HTTP client takes several times as much.
 */
export async function run(load: Load): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => open(load.port)),
  );
  const latency = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
  const byStatus = new Map<number, number>();
  const startTime = performance.now();
  const endTime = startTime + (load.seconds ?? 600) * 1000;
  const most = load.requests ?? Number.POSITIVE_INFINITY;
  let sent = 0;
  let answered = 0;
  let lastTime = startTime;

  const drive = async (socket: Socket) => {
    const exchange = new Exchange(socket);
    while (sent < most && performance.now() < endTime) {
      const index = sent;
      sent += 1;
      const sentTime = performance.now();
      const { status, body } = await exchange.send(load.request(index));
      lastTime = performance.now();
      latency.record(Math.max(1, Math.round((lastTime - sentTime) * 1000)));
      answered += 1;
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      load.onAnswer?.(index, status, body);
    }
    socket.destroy();
  };
  await Promise.all(connections.map(drive));

  const seconds = (lastTime - startTime) / 1000;
  const milliseconds = (percentile: number) => latency.percentile(percentile) / 1000;
  return {
    connections: load.connections,
    seconds,
    answered,
    perSecond: answered / seconds,
    p50: milliseconds(50),
    p95: milliseconds(95),
    p99: milliseconds(99),
    max: latency.max / 1000,
    byStatus: Object.fromEntries(byStatus),
  };
}

/** The text of a POST with a JSON body. */
export function postJson(path: string, body: string, headers = ""): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

const HEAD_END = Buffer.from("\r\n\r\n");

/** One connection's requests and answers, one at a time; answers must have a Content-Length. */
class Exchange {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #resolve: ((answer: { status: number; body: Buffer }) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (reason) => this.#reject?.(reason));
    socket.on("close", () => this.#reject?.(new Error("the server closed the connection")));
  }

  send(request: string): Promise<{ status: number; body: Buffer }> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(request);
    });
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) {
      return;
    }
    const head = this.#received.toString("latin1", 0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const bodyStart = headEnd + HEAD_END.length;
    const bodyEnd = bodyStart + Number(length ?? 0);
    if (this.#received.length < bodyEnd) {
      return;
    }
    const body = this.#received.subarray(bodyStart, bodyEnd);
    this.#received = this.#received.subarray(bodyEnd);
    this.#resolve?.({ status: Number(head.slice(9, 12)), body });
  }
}
