import { createServer, type RequestListener, type Server } from "node:http";
import {
  type AddressInfo,
  createServer as createProbe,
  type Server as Probe,
  type Socket,
} from "node:net";
import { boundAhead } from "./requests-ahead.ts";

/** How long a client may take over a request, in milliseconds: it holds a socket meanwhile. */
interface RequestBounds {
  /** Until its head was sent. */
  headMs: number;
  /** Until all of it was sent, its body included. */
  wholeMs: number;
  /** Without taking anything of the answer. Longer than any answer is worked on. */
  stallMs: number;
  /** How often somebody looks who is late: they are cut off so much later, at most. */
  lookEveryMs: number;
}

/** How a port is listened to. */
export interface HttpPortOptions {
  /** Those that are left out are in seconds. */
  bounds?: Partial<RequestBounds>;
  /**
   * Sockets that listen on the port, where the kernel shares it among them (Linux; elsewhere one).
   * Each turn of the event loop accepts one connection of each, however many wait: so a busy process
   * lets a crowd in by so many at a time.
   */
  listeners?: number;
  /**
   * Answers what Node could not read, and ends the connection. With it, whatever Node would answer by
   * itself comes to the listener: a request without a Host, one with an unknown expectation. A CONNECT,
   * which Node would hang up on without a word, comes here as `ERR_METHOD_CONNECT`.
   */
  onBroken?: OnBroken;
  /** Connections at once, over all listeners; one more is closed at once. Defaults to any number. */
  maxConnections?: number;
}

/** Told what was wrong, by Node's code for it, and where to answer. */
export type OnBroken = (failure: NodeJS.ErrnoException, socket: Socket) => void;

const BOUNDS: RequestBounds = {
  headMs: 10_000,
  wholeMs: 15_000,
  stallMs: 90_000,
  lookEveryMs: 1_000,
};

/** How often a stopping server closes connections that became idle, in milliseconds. */
const IDLE_SWEEP_MS = 20;

/** A port where HTTP is served. */
export class HttpPort {
  readonly port: number;
  readonly #servers: readonly Server[];
  readonly #doorkeeper: Doorkeeper;

  private constructor(servers: readonly Server[], port: number, doorkeeper: Doorkeeper) {
    this.#servers = servers;
    this.port = port;
    this.#doorkeeper = doorkeeper;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#doorkeeper.inside;
  }

  /** How many were closed at once, since there were too many. */
  get turnedAway(): number {
    return this.#doorkeeper.turnedAway;
  }

  /** How many were ended, since more requests were sent on them than are answered. */
  get sentAhead(): number {
    return this.#doorkeeper.sentAhead;
  }

  /** Listens on every interface, at `port`, or at any that is free for 0. Slow clients are cut off. */
  static async open(
    listener: RequestListener,
    port: number,
    {
      bounds,
      listeners = 1,
      maxConnections = Number.POSITIVE_INFINITY,
      onBroken,
    }: HttpPortOptions = {},
  ): Promise<HttpPort> {
    const isShared = listeners > 1 && process.platform === "linux";
    const doorkeeper = new Doorkeeper(maxConnections);
    const bounded = boundAhead(listener, () => {
      doorkeeper.sentAhead += 1;
    });
    let bound = isShared ? await freePort(port) : port;
    const servers = Array.from({ length: isShared ? listeners : 1 }, () =>
      doorkeeper.watch(serverFor(bounded, { ...BOUNDS, ...bounds }, onBroken)),
    );
    for (const server of servers) {
      bound = await listen(server, { port: bound, reusePort: isShared });
    }
    return new HttpPort(servers, bound, doorkeeper);
  }

  /** Stops accepting, lets requests in flight finish, for `graceMs` at most. */
  async close(graceMs: number): Promise<void> {
    await Promise.all(this.#servers.map((server) => stop(server, graceMs)));
  }
}

/** Counts who is in, and who had to go: a server's own `maxConnections` knows of its own listener's alone. */
class Doorkeeper {
  readonly #most: number;
  inside = 0;
  turnedAway = 0;
  sentAhead = 0;

  constructor(most: number) {
    this.#most = most;
  }

  watch(server: Server): Server {
    return server.prependListener("connection", (socket) => {
      if (this.inside >= this.#most) {
        this.turnedAway += 1;
        socket.destroy();
        return;
      }
      this.inside += 1;
      socket.once("close", () => {
        this.inside -= 1;
      });
    });
  }
}

function serverFor(
  listener: RequestListener,
  bounds: RequestBounds,
  onBroken: OnBroken | undefined,
): Server {
  const server = createServer(
    {
      requireHostHeader: onBroken === undefined,
      headersTimeout: bounds.headMs,
      requestTimeout: bounds.wholeMs,
      // Left alone, Node looks twice a minute, whatever the bounds are.
      connectionsCheckingInterval: bounds.lookEveryMs,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
      // Node would keep the first Authorization and drop the others, where a proxy in front may
      // have looked at the last: together they are no token.
      joinDuplicateHeaders: true,
    },
    listener,
  );
  server.timeout = bounds.stallMs;
  if (onBroken !== undefined) {
    server.on("checkExpectation", listener);
    server.on("clientError", (failure, socket) => onBroken(failure, socket as Socket));
    server.on("connect", (_request, socket) => {
      // Node has let go of it, and of its errors.
      socket.on("error", () => socket.destroy());
      const failure = Object.assign(new Error("CONNECT"), { code: "ERR_METHOD_CONNECT" });
      onBroken(failure, socket as Socket);
    });
  }
  return server;
}

/**
 * Has the port for itself for a moment. One that is shared would be shared with a second process of
 * this program too, started by mistake, which would take half of the buyers.
 */
async function freePort(wanted: number): Promise<number> {
  // Whoever connects already must not hold this up.
  const probe = createProbe((socket) => socket.destroy());
  const port = await listen(probe, { port: wanted });
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function listen(server: Probe, at: { port: number; reusePort?: boolean }): Promise<number> {
  return new Promise((resolve, reject) => {
    // Once it listens, only single connections fail, and whoever opened one knows it.
    server.on("error", (cause) =>
      reject(new Error(`cannot listen on port ${at.port}: ${cause.message}`, { cause })),
    );
    server.listen(at, () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    // A connection that was busy is kept alive after its answer: it must not hold this up.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
    server.close(() => {
      clearTimeout(force);
      clearInterval(sweep);
      resolve();
    });
  });
}
