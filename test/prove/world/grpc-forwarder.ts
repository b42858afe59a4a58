import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { Balancer } from "./balancer.ts";
import { type Forwarder, type ForwarderOptions, firstAnswer, LostRequest } from "./forwarder.ts";
import { answer, answerTo, bodyOf, type GrpcAnswer, UNAVAILABLE } from "./grpc-call.ts";

/** Calls of one connection at the same time; more are made to wait by their sender. */
const MAX_CALLS = 1_000;

/**
 * Forwards unary gRPC calls, each to whichever target is the least busy, as the mesh does: a process
 * that dies is left at once, and the calls that it had are answered UNAVAILABLE.
 */
export class GrpcForwarder implements Forwarder {
  duplicatedShare = 0;
  readonly #options: ForwarderOptions;
  readonly #balancer: Balancer;
  readonly #server: Http2Server;
  readonly #open = new Set<Http2Session>();
  /** By port: the connections that take more calls; undefined where nobody listens. */
  readonly #sessions = new Map<number, Promise<ClientHttp2Session | undefined>>();

  private constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#balancer = new Balancer(options.targets);
    this.#server = createServer({ settings: { maxConcurrentStreams: MAX_CALLS } });
    this.#server.on("session", (caller) => this.#watch(caller));
    this.#server.on("stream", (call, headers) => void this.#forward(call, headers));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async open(options: ForwarderOptions): Promise<GrpcForwarder> {
    const forwarder = new GrpcForwarder(options);
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
    for (const session of this.#open) {
      session.destroy();
    }
    await closed;
  }

  async #forward(call: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const asked: ClientHttp2Stream[] = [];
    // Whoever goes away wants no answer any more.
    call.on("error", () => undefined);
    call.on("aborted", () => {
      for (const one of asked) {
        one.close(constants.NGHTTP2_CANCEL);
      }
    });
    const body = await bodyOf(call);
    if (body === undefined) {
      return;
    }
    const times = this.#options.random.chance(this.duplicatedShare) ? 2 : 1;
    const told = await firstAnswer(times, () => this.#ask(headers, body, asked)).catch(
      () => UNAVAILABLE,
    );
    answer(call, told);
  }

  /** The answer of the first target that takes the call. */
  async #ask(
    headers: IncomingHttpHeaders,
    body: Buffer,
    asked: ClientHttp2Stream[],
  ): Promise<GrpcAnswer> {
    for (const port of this.#balancer.inOrder()) {
      const session = await this.#sessionWith(port);
      if (session === undefined || session.closed) {
        continue;
      }
      const call = session.request(headers);
      asked.push(call);
      const told = await this.#balancer.during(port, answerTo(call, body));
      if (told !== "refused") {
        return told;
      }
    }
    throw new LostRequest("nobody is there");
  }

  #sessionWith(port: number): Promise<ClientHttp2Session | undefined> {
    const known = this.#sessions.get(port);
    if (known !== undefined) {
      return known;
    }
    const session = connect(`http://127.0.0.1:${port}`);
    this.#watch(session);
    const coming = once(session, "connect").then(
      () => session,
      () => undefined,
    );
    const forget = () => this.#sessions.get(port) === coming && this.#sessions.delete(port);
    session.once("close", forget);
    session.once("goaway", forget);
    this.#sessions.set(port, coming);
    return coming;
  }

  #watch(session: Http2Session): void {
    this.#open.add(session);
    session.on("close", () => this.#open.delete(session));
    // Its calls are told by themselves.
    session.on("error", () => undefined);
  }
}
