import type { RequestListener } from "node:http";
import { Gauge, type Registry } from "prom-client";
import type { Logger } from "./logger.ts";

/** What a process says about itself. */
export interface Readiness {
  /**
   * Resolves when this process can do its work; rejects, with the reason, when it cannot. Within two
   * seconds: probes and scrapes wait for it.
   */
  check: () => Promise<void>;
  /** True once the process was told to stop. */
  isStopping: () => boolean;
  /** Told once of each change, with the reason. */
  logger: Logger;
}

/**
 * Answers `/livez`, `/readyz` and `/metrics`, and hands everything else to `fallback`. Each scrape
 * asks for readiness too, and tells it as `tessera_ready`.
 *
 * `/livez` is 200 while the process can answer at all: a dead database is no reason to restart.
 */
export function adminListener(
  registry: Registry,
  readiness: Readiness,
  fallback: RequestListener,
): RequestListener {
  const readyz = readyzOf(readiness);
  new Gauge({
    name: "tessera_ready",
    help: "1 while this process can do its work, as /readyz says.",
    registers: [registry],
    async collect() {
      const { status } = await readyz();
      this.set(status === 200 ? 1 : 0);
    },
  });
  return (request, response) => {
    const path = request.url?.split("?", 1)[0];
    if (path === "/livez") {
      response.end("ok\n");
    } else if (path === "/readyz") {
      void readyz().then(({ status, text }) => {
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

function readyzOf({ check, isStopping, logger }: Readiness) {
  let isReady = true;
  return async (): Promise<{ status: number; text: string }> => {
    if (isStopping()) {
      return { status: 503, text: "stopping" };
    }
    try {
      await check();
      if (!isReady) {
        isReady = true;
        logger.info("ready again");
      }
      return { status: 200, text: "ok" };
    } catch (err) {
      if (isReady) {
        isReady = false;
        logger.warn({ err }, "not ready");
      }
      return { status: 503, text: err instanceof Error ? err.message : "not ready" };
    }
  };
}

/** A plain 404, for ports that serve nothing else. */
export const notFound: RequestListener = (_request, response) => {
  response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
};
