import { randomUUID } from "node:crypto";
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { REASONS, type Reason } from "@tessera/proto/reasons";
import type { OnBroken } from "@tessera/service-kit/http-port";
import type { Logger } from "@tessera/service-kit/logger";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { Response } from "express";
import type { Counter, Registry } from "prom-client";
import { exchangeOf } from "./exchange.ts";
import { answerProblem, isForLater, problemOf, retryAfterOf } from "./problem.ts";

/** The port's codes, mostly Node's, for what it gives up on; every other one is a request that is none. */
const REASONS_OF: Readonly<Record<string, [Reason, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ["REQUEST_TIMEOUT", "the request did not come to its end in time"],
  HPE_HEADER_OVERFLOW: ["HEADERS_TOO_LARGE", "the headers are larger than 16 KiB"],
  ERR_METHOD_CONNECT: ["MALFORMED_REQUEST", "CONNECT is for proxies, and this is none"],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["BODY_TOO_LARGE", "the body's chunk extensions are too large"],
};
const OTHERWISE: [Reason, string] = ["MALFORMED_REQUEST", "this is not a request in HTTP/1.1"];

/** Where Node keeps the answer that is under way on a connection, and the request that is being read. */
interface Busy {
  _httpMessage?: Response | null;
  parser?: { incoming?: IncomingMessage | null } | null;
}

/**
 * Answers what is no request, or not all of one, with a problem like any other: it has an id, a line
 * of log and a place in the metrics. A connection is closed after it; without an answer where another
 * request is still under way on it, whose client is in doubt then and repeats it.
 */
export function answerBroken(logger: Logger, registry: Registry): OnBroken {
  return (cause, socket) => {
    const [reason, detail] = REASONS_OF[cause.code ?? ""] ?? OTHERWISE;
    const failure = new ServiceError(reason, detail, { cause });
    const { _httpMessage, parser } = socket as Socket & Busy;
    const response = _httpMessage ?? undefined;
    // As far as it came: the rest of its body was not waited for.
    const isAnswered = response === undefined && parser?.incoming?.complete === false;
    // What came before it was read whole, and may be done by now: to call that malformed would be wrong.
    const isBehind = response?.req.complete === true;
    if (!socket.writable || response?.headersSent === true || isAnswered || isBehind) {
      // Half an answer is worse than none, and a second one is another request's.
      socket.destroy();
      return;
    }
    if (response === undefined) {
      const requestId = randomUUID();
      socket.write(problemText(failure, requestId));
      const { status } = REASONS[reason];
      totalOf(registry).inc({ method: "none", route: "unmatched", status, code: reason });
      logger.info(
        { requestId, method: "none", route: "unmatched", status, code: reason },
        "request",
      );
    } else {
      const exchange = exchangeOf(response);
      exchange.headers.push("Connection", "close");
      answerProblem(exchange, failure);
    }
    socket.destroySoon();
  };
}

/** The counter of all requests, which the exchanges' observer has declared. */
function totalOf(registry: Registry): Counter {
  return registry.getSingleMetric("http_server_requests_total") as Counter;
}

function problemText(failure: ServiceError, requestId: string): string {
  const { status } = REASONS[failure.reason];
  const body = JSON.stringify(problemOf(failure, requestId));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Cache-Control: no-store",
    ...(isForLater(failure.reason) ? [`Retry-After: ${retryAfterOf(failure)}`] : []),
    `X-Request-Id: ${requestId}`,
    "Content-Type: application/problem+json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}
