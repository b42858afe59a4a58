import type { RequestHandler } from "express";
import type { Clients } from "../clients.ts";
import type { Exchange } from "../http/exchange.ts";
import { idempotencyKeyOrNew, markReplayed } from "../http/idempotency-key.ts";
import { jsonBody } from "../http/json-body.ts";
import { originOf } from "../http/origin.ts";
import { failureFor } from "../http/problem.ts";
import { accountKey } from "../http/rate-limit.ts";
import { answer, type Route } from "../http/route.ts";
import type { WindowLimit } from "../http/window-limit.ts";
import { parseRefresh, parseSignIn, restTokens } from "../rest/user.ts";

/** What the session routes need. */
export interface SessionRoutesDeps {
  clients: Clients;
  authenticate: RequestHandler;
  limitUser: RequestHandler;
  limitSignIn: RequestHandler;
  limitRefresh: RequestHandler;
  failedSignIn: WindowLimit;
}

/** Signing in, staying, and signing out. */
export function sessionRoutes(deps: SessionRoutesDeps): Route[] {
  const { clients, authenticate, limitUser, limitSignIn, limitRefresh } = deps;
  return [
    { method: "post", path: "/v1/sessions", handlers: [limitSignIn, jsonBody, signIn(deps)] },
    {
      method: "post",
      path: "/v1/sessions/refresh",
      handlers: [limitRefresh, jsonBody, refresh(clients)],
    },
    {
      method: "delete",
      path: "/v1/sessions/current",
      handlers: [authenticate, limitUser, signOut(clients)],
    },
  ];
}

const signIn = ({ clients, failedSignIn }: SessionRoutesDeps) =>
  answer(async (exchange) => {
    const credentials = parseSignIn(exchange.request.body);
    const key = accountKey(credentials.email);
    // Counted as failed until it is known to be otherwise: guesses made at once count as well.
    await failedSignIn.take(key, exchange);
    const { tokens } = await attempt(exchange, credentials, { clients, failedSignIn, key });
    exchange.json(201, restTokens(tokens));
  });

async function attempt(
  exchange: Exchange,
  credentials: { email: string; password: string },
  { clients, failedSignIn, key }: { clients: Clients; failedSignIn: WindowLimit; key: string },
) {
  let isGuess = false;
  try {
    const headers = { ...exchange.callHeaders(), ...originOf(exchange) };
    const options = { headers, signal: exchange.whenGone() };
    return await clients.user.createSession(credentials, options);
  } catch (thrown) {
    const { reason } = failureFor(exchange, thrown);
    // Whoever hangs up before the answer may have guessed as well.
    isGuess = reason === "BAD_CREDENTIALS" || reason === "CANCELLED";
    throw thrown;
  } finally {
    if (!isGuess) {
      await failedSignIn.giveBack(key, exchange);
    }
  }
}

const refresh = ({ user }: Clients) =>
  answer(async (exchange) => {
    const { tokens, replayed } = await user.refreshSession(
      {
        requestId: idempotencyKeyOrNew(exchange),
        refreshToken: parseRefresh(exchange.request.body),
      },
      { headers: exchange.callHeaders() },
    );
    markReplayed(exchange, replayed);
    exchange.json(200, restTokens(tokens));
  });

const signOut = ({ user }: Clients) =>
  answer(async (exchange) => {
    const { userId, sessionId } = exchange.caller;
    await user.deleteSession({ userId, sessionId }, { headers: exchange.callHeaders() });
    exchange.headers.push("Cache-Control", "no-store");
    exchange.empty(204);
  });
