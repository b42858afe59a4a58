import { ServiceError } from "@tessera/service-kit/service-error";
import type { RequestHandler } from "express";
import type { AccessTokens } from "../tokens/access-tokens.ts";
import { exchangeOf } from "./exchange.ts";

/** Lets only holders of a good access token pass. Fails with UNAUTHENTICATED. */
export function authenticate(tokens: AccessTokens): RequestHandler {
  return (request, response, next) => {
    const token = bearerTokenOf(request.headers.authorization);
    if (token === undefined) {
      throw new ServiceError("UNAUTHENTICATED", "an access token is required");
    }
    const exchange = exchangeOf(response);
    exchange.verified = tokens.recall(token);
    if (exchange.verified !== undefined) {
      next();
      return;
    }
    tokens.verify(token).then((caller) => {
      exchange.verified = caller;
      next();
    }, next);
  };
}

function bearerTokenOf(header: string | undefined): string | undefined {
  const isBearer = header !== undefined && header.slice(0, 7).toLowerCase() === "bearer ";
  const token = isBearer ? header.slice(7).trim() : "";
  return token === "" ? undefined : token;
}
