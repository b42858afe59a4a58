import type { Express, RequestHandler } from "express";
import { methodNotAllowed } from "./error-handler.ts";
import { type Exchange, exchangeOf } from "./exchange.ts";
import { answerProblem } from "./problem.ts";

/** One operation of the API. */
export interface Route {
  method: "get" | "post" | "patch" | "delete";
  /** As Express writes it: `/v1/events/:id`. */
  path: string;
  /** What runs, in this order. */
  handlers: readonly RequestHandler[];
}

/**
 * A route's last handler: answers, or throws what is answered as a problem.
 *
 * Failures are answered here and now: Express would look for an error handler by matching the
 * address against every route that follows, and under a sell-out most answers are failures.
 */
export function answer(serve: (exchange: Exchange) => Promise<void> | void): RequestHandler {
  return async (_request, response) => {
    const exchange = exchangeOf(response);
    try {
      await serve(exchange);
    } catch (thrown) {
      answerProblem(exchange, thrown);
    }
  };
}

/** Adds routes to the app, those that come first being found fastest, then 405 for the rest. */
export function mountRoutes(app: Express, routes: readonly Route[]): void {
  const methodsByPath = new Map<string, string[]>();
  for (const { method, path, handlers } of routes) {
    app[method](path, ...handlers);
    const methods = methodsByPath.get(path) ?? [];
    methods.push(...(method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]));
    methodsByPath.set(path, methods);
  }
  for (const [path, methods] of methodsByPath) {
    app.route(path).all(methodNotAllowed([...methods, "OPTIONS"].join(", ")));
  }
}
