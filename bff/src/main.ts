import { setTimeout } from "node:timers/promises";
import { passKeysOf } from "@tessera/admission-pass";
import { adminListener, notFound } from "@tessera/service-kit/admin-listener";
import { begin } from "@tessera/service-kit/begin";
import { HttpPort } from "@tessera/service-kit/http-port";
import { run } from "@tessera/service-kit/run";
import { createApp } from "./app.ts";
import { connectClients } from "./clients.ts";
import { createCombiners, drainCombiners } from "./combiners.ts";
import { readConfig } from "./config.ts";
import { createEventReads } from "./event-reads.ts";
import { createBodyRooms } from "./http/body-room.ts";
import { answerBroken } from "./http/broken-request.ts";
import { observeConnections } from "./http/connections.ts";
import { createLimits } from "./http/limits.ts";
import { spansFor } from "./http/request-span.ts";
import { samplerOf } from "./http/sampler.ts";
import { createOwnReads } from "./own-reads.ts";
import { PlaceStreams } from "./place-streams.ts";
import { readBatchSizes } from "./read-batch-sizes.ts";
import { connectRedis, watchRedis } from "./redis.ts";
import { AccessTokens } from "./tokens/access-tokens.ts";
import { SigningKeys } from "./tokens/signing-keys.ts";

/** Connections that a turn of the event loop lets in at most: docs/adr/0016-the-port-has-many-listeners.md. */
const LISTENERS = 64;

await run(async () => {
  const config = readConfig(process.env);
  const { drainMs, graceMs, rpcTimeoutMs } = config;
  const { logger, registry, lifecycle, tracing } = await begin("bff", config);
  let isStopping = false;

  const { clients, close } = connectClients(config);
  lifecycle.onClose("clients", close);
  const redis = connectRedis(config.redisUrl);
  lifecycle.onClose("redis", () => redis.disconnect());
  const heartbeat = watchRedis(redis, { logger, registry });
  lifecycle.onClose("heartbeat", () => void heartbeat.stop());
  const combiners = createCombiners(clients, config, registry);
  lifecycle.onClose("combiners", () => drainCombiners(combiners));
  const streams = new PlaceStreams({ poll: combiners.poll, settings: config, registry });
  const list = async () => (await clients.user.listSigningKeys({})).keys;
  const keys = new SigningKeys({ list, logger, timeoutMs: rpcTimeoutMs });
  lifecycle.onClose("signing keys", () => keys.close());
  await keys.start();

  const sizes = readBatchSizes(registry);
  const app = createApp({
    clients,
    combiners,
    streams,
    reads: createEventReads(clients, config, { registry, logger, sizes }),
    ownReads: createOwnReads(clients.reservation, config, sizes),
    tokens: new AccessTokens({ keys }),
    limits: createLimits(config, registry, redis),
    passKeys: passKeysOf(config.passSecrets),
    bodyRooms: createBodyRooms(),
    logger,
    registry,
    corsOrigins: config.corsOrigins,
    trustProxyHops: config.trustProxyHops,
    isStopping: () => isStopping,
    beginSpan: tracing && spansFor(tracing, samplerOf(config.sampler, config.sampleRatio)),
  });
  const check = async () => keys.checkLoaded();
  const readiness = { check, isStopping: () => isStopping, logger };
  const admin = await HttpPort.open(adminListener(registry, readiness, notFound), config.adminPort);
  lifecycle.onClose("admin", () => admin.close(0));
  const http = await HttpPort.open(app, config.port, {
    listeners: LISTENERS,
    maxConnections: config.maxConnections,
    onBroken: answerBroken(logger, registry),
  });
  observeConnections(http, registry);
  lifecycle.onClose("http", () => http.close(graceMs));
  // Registered last, so it runs first: say no, then wait until nobody asks any more.
  lifecycle.onClose("readiness", async () => {
    isStopping = true;
    // Their clients connect again, to a process that stays.
    streams.close();
    await setTimeout(drainMs);
  });
  logger.info({ port: http.port, adminPort: admin.port }, "serving");
});
