import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";

/** How often a stopping server closes connections that became idle, in milliseconds. */
const IDLE_SWEEP_MS = 20;

/** What a process says about itself. */
export interface Readiness {
  /** Resolves when this process can do its work; rejects, with the reason, when it cannot. */
  check: () => Promise<void>;
  /** True once the process was told to stop. */
  isStopping: () => boolean;
}

/**
 * Answers `/livez`, `/readyz` and `/metrics`, and hands everything else to `fallback`.
 *
 * `/livez` is 200 while the process can answer at all: a dead database is no reason to restart.
 */
export function adminListener(
  registry: Registry,
  readiness: Readiness,
  fallback: RequestListener,
): RequestListener {
  return (request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (path === "/livez") {
      response.end("ok\n");
    } else if (path === "/readyz") {
      void readyz(readiness).then(({ status, text }) => {
        response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
      });
    } else if (path === "/metrics") {
      registry.metrics().then(
        (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
        () => response.writeHead(500).end("metrics failed\n"),
      );
    } else {
      fallback(request, response);
    }
  };
}

async function readyz(readiness: Readiness): Promise<{ status: number; text: string }> {
  if (readiness.isStopping()) {
    return { status: 503, text: "stopping" };
  }
  try {
    await readiness.check();
    return { status: 200, text: "ok" };
  } catch (reason) {
    return { status: 503, text: reason instanceof Error ? reason.message : "not ready" };
  }
}

/** A plain 404, for ports that serve nothing else. */
export const notFound: RequestListener = (_request, response) => {
  response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
};

/** How long a client may take to send a request, in milliseconds: it holds a socket meanwhile. */
export interface RequestBounds {
  /** Its head. */
  headMs: number;
  /** All of it, its body included. */
  wholeMs: number;
  /** How often somebody looks who is late: they are cut off so much later, at most. */
  lookEveryMs: number;
}

const BOUNDS: RequestBounds = { headMs: 10_000, wholeMs: 15_000, lookEveryMs: 1_000 };

/** Listens on every interface; resolves to the server and its port. Slow clients are cut off. */
export function listenHttp(
  listener: RequestListener,
  port: number,
  { headMs, wholeMs, lookEveryMs }: RequestBounds = BOUNDS,
): Promise<{ server: Server; port: number }> {
  const server = createServer(
    {
      headersTimeout: headMs,
      requestTimeout: wholeMs,
      // Left alone, Node looks twice a minute, whatever the bounds are.
      connectionsCheckingInterval: lookEveryMs,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16_384,
      // Node would keep the first Authorization and drop the others, where a proxy in front may
      // have looked at the last: together they are no token.
      joinDuplicateHeaders: true,
    },
    listener,
  );
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new Error(`cannot listen on port ${port}: ${cause.message}`, { cause }));
    });
    server.listen(port, () => {
      const { port: bound } = server.address() as AddressInfo;
      resolve({ server, port: bound });
    });
  });
}

/** Stops accepting, lets requests in flight finish, for `graceMs` at most. */
export function stopHttp(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    // A connection that was busy is kept alive after its answer: it must not hold this up.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
    server.close(() => {
      clearTimeout(force);
      clearInterval(sweep);
      resolve();
    });
    server.closeIdleConnections();
  });
}
