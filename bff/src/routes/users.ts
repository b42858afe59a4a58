import type { RequestHandler } from "express";
import type { Clients } from "../clients.ts";
import { idempotencyKeyOrNew, markReplayed } from "../http/idempotency-key.ts";
import { jsonBody } from "../http/json-body.ts";
import { originOf } from "../http/origin.ts";
import { answer, type Route } from "../http/route.ts";
import { parseSignUp, restUser } from "../rest/user.ts";

/** Accounts. */
export function userRoutes(deps: {
  clients: Clients;
  authenticate: RequestHandler;
  limitUser: RequestHandler;
  limitSignUp: RequestHandler;
}): Route[] {
  const { clients, authenticate, limitUser, limitSignUp } = deps;
  return [
    { method: "get", path: "/v1/users/me", handlers: [authenticate, limitUser, me(clients)] },
    { method: "post", path: "/v1/users", handlers: [limitSignUp, jsonBody, signUp(clients)] },
  ];
}

const signUp = ({ user }: Clients) =>
  answer(async (exchange) => {
    const requestId = idempotencyKeyOrNew(exchange);
    const headers = { ...exchange.callHeaders(), ...originOf(exchange) };
    const result = await user.createUser(
      { requestId, ...parseSignUp(exchange.request.body) },
      { headers, signal: exchange.whenGone() },
    );
    markReplayed(exchange, result.replayed);
    exchange.json(201, restUser(result.user));
  });

const me = ({ user }: Clients) =>
  answer(async (exchange) => {
    const { userId } = exchange.caller;
    const result = await user.getUser({ userId }, { headers: exchange.callHeaders() });
    exchange.json(200, restUser(result.user));
  });
