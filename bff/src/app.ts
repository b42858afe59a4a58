import type { PassKeys } from "@tessera/admission-pass";
import type { Logger } from "@tessera/service-kit/logger";
import cors from "cors";
import express, { type Express } from "express";
import { Gauge, type Registry } from "prom-client";
import type { Clients } from "./clients.ts";
import type { Combiners } from "./combiners.ts";
import type { EventReads } from "./event-reads.ts";
import { observeExchanges } from "./http/access-log.ts";
import { authenticate } from "./http/authenticate.ts";
import type { BodyRooms } from "./http/body-room.ts";
import { handleErrors, routeNotFound } from "./http/error-handler.ts";
import { beginExchanges } from "./http/exchange.ts";
import type { Limits } from "./http/limits.ts";
import { readQuery } from "./http/query.ts";
import { limitByAddress, limitByUser } from "./http/rate-limit.ts";
import type { BeginSpan } from "./http/request-span.ts";
import { mountRoutes, type Route } from "./http/route.ts";
import { NO_CONTENT, securityHeaders } from "./http/security-headers.ts";
import type { OwnReads } from "./own-reads.ts";
import type { PlaceStreams } from "./place-streams.ts";
import { docsRoutes } from "./routes/docs.ts";
import { eventRoutes } from "./routes/events.ts";
import { reservationRoutes } from "./routes/reservations.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { userRoutes } from "./routes/users.ts";
import { waitingRoomRoutes } from "./routes/waiting-room.ts";
import type { AccessTokens } from "./tokens/access-tokens.ts";

/** What the app is made of. */
export interface AppDeps {
  clients: Clients;
  combiners: Combiners;
  streams: PlaceStreams;
  reads: EventReads;
  ownReads: OwnReads;
  tokens: AccessTokens;
  limits: Limits;
  passKeys: PassKeys;
  bodyRooms: BodyRooms;
  logger: Logger;
  registry: Registry;
  /** Origins whose pages may call. */
  corsOrigins: readonly string[];
  /** How many proxies in front are ours. */
  trustProxyHops: number;
  /** True once the process was told to stop. */
  isStopping: () => boolean;
  /** Records requests. Defaults to none. */
  beginSpan?: BeginSpan | undefined;
}

/** The public REST API; it listens nowhere yet. */
export function createApp(deps: AppDeps): Express {
  const { tokens, logger, registry, corsOrigins, isStopping } = deps;
  new Gauge({
    name: "tessera_token_cache_size",
    help: "Verified access tokens that are remembered.",
    registers: [registry],
    collect() {
      this.set(tokens.size);
    },
  });
  observeReads(deps);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", deps.trustProxyHops);
  app.enable("case sensitive routing");
  app.enable("strict routing");
  app.set("query parser", readQuery);
  app.use(
    beginExchanges({
      fixedHeaders: securityHeaders(NO_CONTENT, "no pages"),
      isStopping,
      bodyRooms: deps.bodyRooms,
      onEnd: observeExchanges(logger, registry),
      beginSpan: deps.beginSpan,
    }),
  );
  if (corsOrigins.length > 0) {
    app.use(corsFor(corsOrigins));
  }
  mountRoutes(app, routesOf(deps));
  app.use(routeNotFound);
  app.use(handleErrors);
  return app;
}

/** How near READ_MAX_LOADS each kind of read is. */
function observeReads({ reads, ownReads, registry }: AppDeps): void {
  new Gauge({
    name: "tessera_reads_in_flight",
    help: "Reads that services have been asked for and not answered yet.",
    labelNames: ["kind"],
    registers: [registry],
    collect() {
      for (const [kind, { loads }] of Object.entries(reads)) {
        this.set({ kind }, loads);
      }
      for (const [kind, { bounded }] of Object.entries(ownReads)) {
        this.set({ kind }, bounded.taken);
      }
    },
  });
}

/** The busiest first. */
function routesOf(deps: AppDeps): Route[] {
  const { clients, combiners, streams, reads, ownReads, tokens, limits, passKeys } = deps;
  const limitUser = limitByUser(limits.user);
  const shared = { clients, reads, authenticate: authenticate(tokens), limitUser };
  const limitReserve = limitByUser(limits.reserve);
  const limitSignIn = limitByAddress(limits.signIn);
  const limitRefresh = limitByAddress(limits.refresh);
  return [
    ...reservationRoutes({ ...shared, combiners, ownReads, limitReserve, passKeys }),
    ...waitingRoomRoutes({ ...shared, combiners, streams, limitQueue: limitByUser(limits.queue) }),
    ...eventRoutes(shared),
    ...sessionRoutes({ ...shared, limitSignIn, limitRefresh, failedSignIn: limits.failedSignIn }),
    ...userRoutes({ ...shared, limitSignUp: limitByAddress(limits.signUp) }),
    ...docsRoutes(),
  ];
}

function corsFor(origins: readonly string[]) {
  return cors({
    origin: [...origins],
    methods: ["GET", "HEAD", "POST", "PATCH", "DELETE"],
    allowedHeaders: [
      "Authorization",
      "Content-Type",
      "Idempotency-Key",
      "Admission-Pass",
      "If-None-Match",
      "X-Request-Id",
      "traceparent",
    ],
    exposedHeaders: [
      "Date",
      "ETag",
      "Idempotent-Replayed",
      "Location",
      "RateLimit",
      "RateLimit-Policy",
      "Retry-After",
      "X-Request-Id",
    ],
    maxAge: 600,
    // An OPTIONS is answered as it is without CORS: with an id, a line of log, and 404 where nothing is.
    preflightContinue: true,
  });
}
