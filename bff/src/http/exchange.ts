import { randomUUID } from "node:crypto";
import type { Reason } from "@tessera/proto/reasons";
import { givenRequestId } from "@tessera/service-kit/request-id";
import { ServiceError } from "@tessera/service-kit/service-error";
import { inSpan, type Span } from "@tessera/service-kit/span";
import {
  newTraceparent,
  parseTraceparent,
  unsampledTraceparent,
} from "@tessera/service-kit/trace-context";
import type { Request, RequestHandler, Response } from "express";
import type { CombinedCall } from "../combiner.ts";
import type { Caller } from "../tokens/access-tokens.ts";
import type { BodyRooms } from "./body-room.ts";
import type { BeginSpan } from "./request-span.ts";

/** A name or an address, and perhaps a port. Two Hosts come joined by a comma and a space. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/** What all exchanges of an app share. */
export interface ExchangeOptions {
  /** Names and values, in turn, of the headers that every answer has. */
  fixedHeaders: readonly string[];
  /** While true, answers ask clients to go and connect elsewhere. */
  isStopping: () => boolean;
  /** Told once of each exchange, when its answer is out or its client is gone. */
  onEnd: (exchange: Exchange) => void;
  /** Where bodies find room. */
  bodyRooms: BodyRooms;
  /** Undefined while nothing is recorded. */
  beginSpan: BeginSpan | undefined;
}

/** One request and its answer. */
export class Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly requestId: string;
  /** Goes on with the client's trace, if there is one; only what we record counts as sampled. */
  readonly traceparent: string;
  /** Undefined unless the request is recorded. */
  readonly span: Span | undefined;
  /** In the time of `performance.now()`. */
  readonly startTime = performance.now();
  /** Names and values, in turn, that the answer has beside the fixed ones. */
  readonly headers: string[] = [];
  /** Like `ExchangeOptions.fixedHeaders`; pages have others. */
  fixedHeaders: readonly string[];
  /** Set by `authenticate`. */
  verified: Caller | undefined;
  /** Why it failed. */
  code: Reason | "OK" = "OK";
  /** What made it fail, for the log. */
  thrown: unknown;
  /** False for a change that has no key: asked for again, it is another change. */
  isRepeatable = true;
  /** When a stream's head was sent: what counts as its latency. */
  streamTime: number | undefined;
  /** The RPC that it was combined into. */
  call: CombinedCall | undefined;
  readonly #options: ExchangeOptions;

  constructor(request: Request, response: Response, options: ExchangeOptions) {
    this.request = request;
    this.response = response;
    this.#options = options;
    this.fixedHeaders = options.fixedHeaders;
    const given = givenRequestId(request.headers["x-request-id"]);
    this.requestId = given ?? randomUUID();
    const caller = parseTraceparent(request.headers.traceparent);
    this.span = options.beginSpan?.(request, caller);
    this.traceparent =
      this.span?.traceparent ??
      (caller === undefined
        ? newTraceparent(given === undefined ? this.requestId : undefined)
        : unsampledTraceparent(caller));
    response.on("close", () => options.onEnd(this));
  }

  /** Who calls. Only for routes behind `authenticate`. */
  get caller(): Caller {
    if (this.verified === undefined) {
      throw new Error("the route does not authenticate");
    }
    return this.verified;
  }

  /** True when nobody waits for the answer any more. */
  get isGone(): boolean {
    return this.response.destroyed;
  }

  /**
   * Aborted when the client leaves before the answer is out. For expensive calls only: the signal
   * costs more than most calls do.
   */
  whenGone(): AbortSignal {
    const controller = new AbortController();
    const abort = () => {
      if (!this.response.writableFinished) {
        controller.abort();
      }
    };
    if (this.isGone) {
      abort();
    } else {
      this.response.once("close", abort);
    }
    return controller.signal;
  }

  /** Where bodies find room. */
  get bodyRooms(): BodyRooms {
    return this.#options.bodyRooms;
  }

  /** The route's template, such as `/v1/events/:id`. */
  get route(): string {
    const path: unknown = this.request.route?.path;
    return typeof path === "string" ? path : "unmatched";
  }

  /** The metadata of an RPC made for this request. */
  callHeaders(): Record<string, string> {
    const headers: Record<string, string> = {
      "x-request-id": this.requestId,
      traceparent: this.traceparent,
    };
    if (this.verified !== undefined) {
      headers["x-tessera-user-id"] = this.verified.userId;
    }
    return headers;
  }

  /**
   * Answers.
   *
   * Not Express's `send`: that hashes every body for an ETag and takes types apart, which costs
   * more than all that the hot path does here.
   */
  send(status: number, contentType: string, body: string | Buffer): void {
    const headers = this.fixedHeaders.concat(this.headers);
    headers.push("X-Request-Id", this.requestId);
    headers.push("Content-Type", contentType);
    const bytes = Buffer.byteLength(body);
    headers.push("Content-Length", String(bytes));
    // Head and body leave in one piece; plain ASCII is copied, where UTF-8 is worked out anew.
    this.#end(status, headers, body, bytes === body.length ? "latin1" : "utf8");
  }

  /** Answers with JSON that is the caller's alone. */
  json(status: number, value: unknown): void {
    this.headers.push("Cache-Control", "no-store");
    this.send(status, "application/json; charset=utf-8", JSON.stringify(value));
  }

  /** Answers without a body. */
  empty(status: number): void {
    const headers = this.fixedHeaders.concat(this.headers);
    headers.push("X-Request-Id", this.requestId);
    this.#end(status, headers, "", "latin1");
  }

  #end(
    status: number,
    headers: string[],
    body: string | Buffer,
    encoding: "latin1" | "utf8",
  ): void {
    if (this.#options.isStopping()) {
      headers.push("Connection", "close");
    }
    this.response.writeHead(status, headers).end(body, encoding);
  }
}

/** The exchange that `beginExchanges` began. */
export function exchangeOf(response: Response): Exchange {
  const exchange: unknown = response.locals.exchange;
  if (exchange instanceof Exchange) {
    return exchange;
  }
  throw new Error("the exchange was not begun");
}

/** The first middleware: begins an exchange for each request. */
export function beginExchanges(options: ExchangeOptions): RequestHandler {
  return (request, response, next) => {
    const exchange = new Exchange(request, response, options);
    response.locals.exchange = exchange;
    const fault = faultOf(request);
    if (fault !== undefined) {
      exchange.headers.push("Connection", "close");
      next(new ServiceError("MALFORMED_REQUEST", fault));
      return;
    }
    inSpan(exchange.span, next);
  };
}

/** What RFC 9112 wants refused, and Node's parser lets through. */
function faultOf({ headers, httpVersion }: Request): string | undefined {
  const { host, "transfer-encoding": coding = "chunked" } = headers;
  if (host === undefined ? httpVersion === "1.1" : !HOST.test(host)) {
    return "one Host header, with a name in it, is required";
  }
  if (coding.toLowerCase() !== "chunked") {
    return "chunked is the only transfer coding here";
  }
  return undefined;
}
