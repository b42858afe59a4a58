import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type PassHolder, passKeysOf, signPass } from "@tessera/admission-pass";
import { type Clock, systemClock } from "@tessera/service-kit/clock";
import type { Logger } from "@tessera/service-kit/logger";
import { expect } from "chai";
import type { Express } from "express";
import type { Redis } from "ioredis";
import pino from "pino";
import { Registry } from "prom-client";
import { createApp } from "../src/app.ts";
import type { Bounds } from "../src/bounded.ts";
import { createCombiners } from "../src/combiners.ts";
import { createEventReads } from "../src/event-reads.ts";
import { createBodyRooms } from "../src/http/body-room.ts";
import { createLimits } from "../src/http/limits.ts";
import { createOwnReads } from "../src/own-reads.ts";
import { PlaceStreams } from "../src/place-streams.ts";
import { readBatchSizes } from "../src/read-batch-sizes.ts";
import { AccessTokens } from "../src/tokens/access-tokens.ts";
import { SigningKeys } from "../src/tokens/signing-keys.ts";
import { signToken, type TokenOptions } from "./key-ring.ts";
import { MemoryServices } from "./memory-services.ts";
import { checkAnswer } from "./openapi-check.ts";

/** What a test wants different. */
export interface AppOptions extends Partial<typeof DEFAULTS> {
  corsOrigins?: readonly string[];
  /** The time of the read caches, in milliseconds. */
  now?: () => number;
  /** The time that access tokens are verified at. */
  clock?: Clock;
  trustProxyHops?: number;
  stallMs?: number;
  retryMs?: number;
  bodyRoom?: Bounds;
  redis?: () => Redis;
}

/** An answer, its body read. */
export interface Answered {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  body: any;
}

/** What a request is made of, beside its method and address. */
interface Asked {
  token?: string;
  /** The Idempotency-Key. */
  key?: string;
  /** Sent as JSON, unless it is a string already. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** A running app over services in memory. */
export interface TestApp {
  app: Express;
  services: MemoryServices;
  server: Server;
  url: string;
  registry: Registry;
  tokens: AccessTokens;
  streams: PlaceStreams;
  /** The log's lines. */
  lines: Record<string, unknown>[];
  /** While true, the app is told that the process stops. */
  isStopping: boolean;
  /** Signs a token with the newest key. */
  token: (options?: TokenOptions) => Promise<string>;
  /** Signs an admission pass as reservation-svc does, good for a minute. */
  pass: (holder: PassHolder, options?: { secret?: string; expiresIn?: number }) => Promise<string>;
  /** Asks, and checks the answer against the OpenAPI document. */
  ask: (method: string, path: string, asked?: Asked) => Promise<Answered>;
}

/** Runs the app for one test suite. Call it inside `describe`; use it inside hooks and tests only. */
export function useApp(options: AppOptions = {}): TestApp {
  const opened = { isStopping: false } as TestApp;
  let keys: SigningKeys | undefined;
  before(async () => {
    const services = await MemoryServices.open();
    const settings = { ...DEFAULTS, ...options };
    const clients = services.clients(settings.rpcTimeoutMs);
    const registry = new Registry();
    const { logger, lines } = memoryLogger();
    keys = new SigningKeys({
      list: async () => (await clients.user.listSigningKeys({})).keys,
      logger,
      timeoutMs: settings.rpcTimeoutMs,
      unknownKeyMs: settings.unknownKeyMs,
    });
    await keys.start();
    const { clock = systemClock, trustProxyHops = 1 } = options;
    const tokens = new AccessTokens({ keys, clock });
    const combiners = createCombiners(clients, settings, registry);
    const streams = new PlaceStreams({ poll: combiners.poll, settings, registry, ...settings });
    const sizes = readBatchSizes(registry);
    const app = createApp({
      clients,
      combiners,
      streams,
      reads: createEventReads(clients, settings, { registry, logger, sizes, now: options.now }),
      ownReads: createOwnReads(clients.reservation, settings, sizes),
      passKeys: passKeysOf([PASS_SECRET]),
      bodyRooms: createBodyRooms(options.bodyRoom),
      tokens,
      limits: createLimits(settings, registry, options.redis?.()),
      logger,
      registry,
      corsOrigins: options.corsOrigins ?? [],
      trustProxyHops,
      isStopping: () => opened.isStopping,
    });
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const token = (wanted?: TokenOptions) => {
      const key = services.users.keys[0];
      return key === undefined ? Promise.reject(new Error("no key")) : signToken(key, wanted);
    };
    const ask = (method: string, path: string, asked?: Asked) => askAt(url, method, path, asked);
    const made = { app, services, server, url, registry, tokens, streams, lines };
    Object.assign(opened, made, { token, ask, pass: newPass });
  });
  after(async () => {
    keys?.close();
    opened.server.closeAllConnections();
    opened.server.close();
    await once(opened.server, "close");
  });
  return opened;
}

const DEFAULTS = {
  rpcTimeoutMs: 5_000,
  reserveMaxBatch: 256,
  reserveMaxInFlight: 4,
  reserveMaxQueue: 5_000,
  signInPerSecond: 10_000,
  refreshPerSecond: 10_000,
  signUpPerSecond: 10_000,
  failedSignInsPerMinute: 10,
  reservePerSecond: 10_000,
  reserveBurst: 10_000,
  userPerSecond: 10_000,
  userBurst: 10_000,
  queuePerSecond: 10_000,
  queueBurst: 10_000,
  queueStreams: 100,
  queueStreamSeconds: 60,
  unknownKeyMs: 0,
  eventsFreshMs: 500,
  eventsMaxAgeMs: 1_000,
  eventsStaleIfErrorMs: 60_000,
  availabilityFreshMs: 250,
  availabilityMaxAgeMs: 1_000,
  readCacheEntries: 10_000,
  readCacheMebibytes: 16,
  readsPerCall: 64,
  readMaxLoads: 2_000,
};

const PASS_SECRET = "what passes are signed with in tests";

function newPass(holder: PassHolder, { secret = PASS_SECRET, expiresIn = 60 } = {}) {
  const expireTime = new Date(Date.now() + expiresIn * 1000);
  return signPass({ ...holder, serial: crypto.randomUUID(), expireTime }, passKeysOf([secret]));
}

async function askAt(url: string, method: string, path: string, asked: Asked = {}) {
  const headers: Record<string, string> = {};
  if (asked.token !== undefined) {
    headers.authorization = `Bearer ${asked.token}`;
  }
  if (asked.key !== undefined) {
    headers["idempotency-key"] = asked.key;
  }
  let body: string | null = null;
  if (asked.body !== undefined) {
    headers["content-type"] = "application/json";
    body = typeof asked.body === "string" ? asked.body : JSON.stringify(asked.body);
  }
  const init = { method, headers: { ...headers, ...asked.headers }, body };
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  const type = response.headers.get("content-type") ?? "";
  const parsed = /json/.test(type) && text !== "" ? JSON.parse(text) : text;
  expect(response.headers.get("x-request-id")).to.match(/^[\w.-]{1,128}$/);
  checkAnswer({ method, path }, response, parsed);
  return { status: response.status, headers: response.headers, body: parsed };
}

/** A real logger whose lines are kept. */
export function memoryLogger(): { logger: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  return { logger: pino({ level: "info" }, { write }), lines };
}
