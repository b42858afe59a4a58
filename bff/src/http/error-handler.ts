import { ServiceError } from "@tessera/service-kit/service-error";
import type { ErrorRequestHandler, RequestHandler } from "express";
import { exchangeOf } from "./exchange.ts";
import { answerProblem } from "./problem.ts";

/** The last middleware: nothing answered. */
export const routeNotFound: RequestHandler = (_request, response) => {
  const failure = new ServiceError("ROUTE_NOT_FOUND", "there is nothing at this address");
  answerProblem(exchangeOf(response), failure);
};

/** Answers for addresses that exist, to methods that do not; `allow` lists those that do. */
export function methodNotAllowed(allow: string): RequestHandler {
  return (request, response) => {
    const exchange = exchangeOf(response);
    exchange.headers.push("Allow", allow);
    if (request.method === "OPTIONS") {
      exchange.empty(204);
      return;
    }
    const message = `${request.method} is not possible here; ${allow} are`;
    answerProblem(exchange, new ServiceError("METHOD_NOT_ALLOWED", message));
  };
}

/** Answers for whatever middleware threw, Express and its parsers included. */
export const handleErrors: ErrorRequestHandler = (thrown: unknown, _request, response, _next) => {
  answerProblem(exchangeOf(response), fromExpress(thrown));
};

/** Express and its parsers throw Errors with a status, and most with a type. */
function fromExpress(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof ServiceError) {
    return thrown;
  }
  const cause = thrown;
  switch ("type" in thrown ? thrown.type : undefined) {
    case "entity.too.large":
      return new ServiceError("BODY_TOO_LARGE", "the body is larger than 64 KiB", { cause });
    case "encoding.unsupported":
    case "charset.unsupported":
      return new ServiceError("UNSUPPORTED_MEDIA_TYPE", thrown.message, { cause });
    case "request.aborted":
      return new ServiceError("CANCELLED", "the client went away", { cause });
    case "entity.parse.failed":
    case "request.size.invalid":
      return new ServiceError("MALFORMED_BODY", "the body is not valid JSON", { cause });
  }
  if ("status" in thrown && thrown.status === 400) {
    // A path with a percent sign that is no escape.
    return new ServiceError("MALFORMED_REQUEST", "the address is not well-formed", { cause });
  }
  return thrown;
}
