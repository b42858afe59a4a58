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

/** Answers for whatever middleware threw, Express included. */
export const handleErrors: ErrorRequestHandler = (thrown: unknown, _request, response, _next) => {
  answerProblem(exchangeOf(response), fromExpress(thrown));
};

/** Express throws Errors with a status. */
function fromExpress(thrown: unknown): unknown {
  const isExpress = thrown instanceof Error && !(thrown instanceof ServiceError);
  if (isExpress && "status" in thrown && thrown.status === 400) {
    // A path with a percent sign that is no escape.
    return new ServiceError("MALFORMED_REQUEST", "the address is not well-formed", {
      cause: thrown,
    });
  }
  return thrown;
}
