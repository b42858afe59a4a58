import { once } from "node:events";
import {
  Agent,
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { Balancer } from "./balancer.ts";
import {
  type Forwarder,
  type ForwarderOptions,
  firstAnswer,
  LostRequest,
  MAX_BODY_BYTES,
} from "./forwarder.ts";
import { reset } from "./reset.ts";

/** What concerns one connection, and not the message that it carries. */
const OF_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding"]);
/** The header of an answer to a request that arrived twice. */
export const TWICE = "x-arrived-twice";
/** Longer than clients keep a connection for later, so that it is they who close it; milliseconds. */
const KEEP_ALIVE_MS = 60_000;
/**
 * Connections to targets that nobody needs are closed, sooner than anybody looks whether a target
 * has closed what nobody needs; milliseconds.
 */
const IDLE_MS = 2_000;

/**
 * Forwards HTTP/1.1 requests, each to whichever target is the least busy. When that one dies, the
 * client's connection is reset.
 */
export class HttpForwarder implements Forwarder {
  duplicatedShare = 0;
  readonly #options: ForwarderOptions;
  readonly #balancer: Balancer;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_MS });

  private constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#balancer = new Balancer(options.targets);
    this.#server = createServer((message, response) => void this.#forward(message, response));
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /** Listens on a free port of 127.0.0.1. */
  static async open(options: ForwarderOptions): Promise<HttpForwarder> {
    const forwarder = new HttpForwarder(options);
    forwarder.#server.listen(0, "127.0.0.1");
    await once(forwarder.#server, "listening");
    return forwarder;
  }

  get port(): number {
    const { port } = this.#server.address() as AddressInfo;
    return port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await closed;
  }

  async #forward(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const tries: ClientRequest[] = [];
    response.on("close", () => {
      // Whoever went away before the end wants no answer any more.
      for (const one of response.writableFinished ? [] : tries) {
        one.destroy();
      }
    });
    try {
      const body = await bodyOf(message);
      const times = this.#options.random.chance(this.duplicatedShare) ? 2 : 1;
      const told = await firstAnswer(times, () => this.#ask(message, body, tries), forget);
      const headers = ofMessage(told.rawHeaders);
      if (times > 1) {
        headers.push(TWICE, "true");
      }
      response.writeHead(told.statusCode ?? 502, told.statusMessage, headers);
      if (told.headers["content-length"] === undefined) {
        // A stream of events begins long before its first event.
        response.flushHeaders();
      }
      await pipeline(told, response);
    } catch {
      reset(message.socket);
    }
  }

  /** The answer of the first target that takes the request; its body may be still to come. */
  async #ask(
    message: IncomingMessage,
    body: Buffer,
    tries: ClientRequest[],
  ): Promise<IncomingMessage> {
    for (const port of this.#balancer.inOrder()) {
      const { method = "GET", url = "/", rawHeaders } = message;
      const headers = ofMessage(rawHeaders);
      const agent = this.#agent;
      const one = request({ host: "127.0.0.1", port, agent, method, path: url, headers });
      tries.push(one);
      void this.#balancer.during(port, new Promise((resolve) => one.once("close", resolve)));
      one.end(body);
      const told = await answerTo(one);
      if (told !== "refused") {
        return told;
      }
    }
    throw new LostRequest("nobody is there");
  }
}

/** @throws when it does not come to its end, or is too large. */
async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of message) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) {
      throw new LostRequest("nobody takes that much");
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Without what concerns one connection alone; names and values in turn, as they came. */
function ofMessage(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_text, index) => {
    const name = rawHeaders[index - (index % 2)] ?? "";
    return !OF_CONNECTION.has(name.toLowerCase());
  });
}

/** Read to its end all the same, so that its connection can be used again. */
function forget(late: IncomingMessage): void {
  late.on("error", () => undefined);
  late.resume();
}

/** The answer's head, or "refused" when nobody listens there. */
function answerTo(one: ClientRequest): Promise<IncomingMessage | "refused"> {
  return new Promise((resolve, reject) => {
    one.once("response", resolve);
    one.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ECONNREFUSED") {
        resolve("refused");
      } else {
        reject(new LostRequest("the connection was cut", { cause }));
      }
    });
  });
}
