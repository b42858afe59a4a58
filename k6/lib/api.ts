import http, { type RefinedResponse, type ResponseType } from "k6/http";
import { countAnswer } from "./answers.ts";
import { run } from "./run.ts";
import type { RequestClass } from "./slo.ts";

/** One operation of the REST API, and the refusals that are honest answers in its flow. */
export interface Route {
  method: "GET" | "POST" | "DELETE";
  /** With `:id`, as the BFF's own metrics have it. */
  path: string;
  class: RequestClass;
  /** Problem codes, as in proto/reasons.ts. */
  refusals?: readonly string[];
}

/** One request. */
export interface Call {
  /** Instead of the path's `:id`. */
  id?: string;
  /** After the path, with its question mark. */
  query?: string;
  body?: object;
  accessToken?: string;
  idempotencyKey?: string;
  pass?: string;
  /** More tags for its metrics. */
  tags?: Record<string, string>;
  /** True when nobody reads the body: it costs the load generator more than all the rest. */
  isBodyUnread?: boolean;
}

/** What came back. */
export interface Answer<T> {
  /** 0 when there was no answer. */
  status: number;
  isFine: boolean;
  /** True when it is one of the route's refusals; neither this nor fine: unexpected. */
  isRefused: boolean;
  /** The problem's code; empty when all is well. */
  code: string;
  /** Undefined unless all is well and the body was read. */
  body: T | undefined;
  isReplayed: boolean;
}

/** No answer takes longer; the BFF's own deadline is far below. */
const TIMEOUT = "10s";
/** What k6 says of requests that were under way when it ended a run: they are nobody's failure. */
const CUT_OFF = "context canceled";
/** Statuses that must say when to come again. */
const LATER = [425, 429, 503];

/** Sends a request, tells honest refusals from failures, and counts both. */
export function call<T>(route: Route, request: Call = {}): Answer<T> {
  const { method, path } = route;
  const url = `${run.bffUrl}${path.replace(":id", request.id ?? "")}${request.query ?? ""}`;
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  return answerOf<T>(route, http.request(method, url, body, paramsOf(route, request)));
}

/** Sends all requests at once, each on a connection of its own; the answers come in order. */
export function callAll<T>(route: Route, requests: readonly Call[]): Answer<T>[] {
  const responses = http.batch(
    requests.map((request) => ({
      method: route.method,
      url: `${run.bffUrl}${route.path.replace(":id", request.id ?? "")}${request.query ?? ""}`,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      params: paramsOf(route, request),
    })),
  );
  return responses.map((response) => answerOf<T>(route, response));
}

/** Which statuses are no failures for k6's own `http_req_failed`; codes decide for ours. */
const EXPECTED = http.expectedStatuses({ min: 200, max: 399 }, 409, 410, 428, 429);

function paramsOf(route: Route, request: Call) {
  const { accessToken, idempotencyKey, pass, tags, isBodyUnread } = request;
  const name = `${route.method} ${route.path}`;
  return {
    timeout: TIMEOUT,
    responseCallback: EXPECTED,
    responseType: isBodyUnread === true ? ("none" as const) : ("text" as const),
    tags: { ...tags, name, route: name, class: route.class },
    headers: {
      ...(request.body === undefined ? {} : { "content-type": "application/json" }),
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      ...(pass === undefined ? {} : { "admission-pass": pass }),
    },
  };
}

function answerOf<T>(route: Route, response: RefinedResponse<ResponseType>): Answer<T> {
  const { status, error } = response;
  const text = typeof response.body === "string" ? response.body : "";
  const isFine = status >= 200 && status < 400;
  const code = isFine ? "" : codeOf(text);
  const isHonest = !LATER.includes(status) || response.headers["Retry-After"] !== undefined;
  if (error.includes(CUT_OFF)) {
    return { status, isFine, isRefused: false, code: "", body: undefined, isReplayed: false };
  }
  const isRefused = !isFine && isHonest && (route.refusals?.includes(code) ?? false);
  countAnswer({
    class: route.class,
    route: `${route.method} ${route.path}`,
    kind: isFine ? "fine" : isRefused ? "refused" : "unexpected",
    text: status === 0 ? error : `${status} ${code}${isHonest ? "" : " without Retry-After"}`,
  });
  return {
    status,
    isFine,
    isRefused,
    code,
    body: isFine && text !== "" ? JSON.parse(text) : undefined,
    isReplayed: response.headers["Idempotent-Replayed"] === "true",
  };
}

function codeOf(text: string): string {
  try {
    return String(JSON.parse(text).code);
  } catch {
    return "no problem document";
  }
}
