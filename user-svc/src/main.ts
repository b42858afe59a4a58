import { randomUUID } from "node:crypto";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { begin } from "@tessera/service-kit/begin";
import { systemClock } from "@tessera/service-kit/clock";
import { poolLane } from "@tessera/service-kit/lane";
import { openMysql, poolOf } from "@tessera/service-kit/mysql";
import { mysqlMetrics } from "@tessera/service-kit/mysql-metrics";
import { run } from "@tessera/service-kit/run";
import { schemaCheck } from "@tessera/service-kit/schema-check";
import { served, serveRpc } from "@tessera/service-kit/serve-rpc";
import { startTasks } from "@tessera/service-kit/tasks";
import type { App } from "./app/app.ts";
import { KeyRing } from "./app/key-ring.ts";
import { purgeSessions } from "./app/purge-sessions.ts";
import { readConfig } from "./config.ts";
import { HashGate } from "./crypto/hash-gate.ts";
import { PasswordHasher } from "./crypto/password-hasher.ts";
import { refreshKeyOf } from "./crypto/refresh-token.ts";
import { ERROR_DOMAIN, userService } from "./grpc/user-service.ts";
import { userMetrics } from "./metrics.ts";
import { MysqlSessionStore } from "./mysql/mysql-session-store.ts";
import { MysqlSigningKeyStore } from "./mysql/mysql-signing-key-store.ts";
import { MysqlUserStore } from "./mysql/mysql-user-store.ts";
import { USER_SCHEMA } from "./mysql/schema.ts";

/**
 * How long a caller waits for its turn to hash, in milliseconds. Half of what the BFF gives a call, so
 * that it hears TOO_BUSY, which it may try again after, and not that its time is over.
 */
const HASH_WAIT_MS = 1_000;
/** How many callers wait for a connection at most; those who are signed in wait by themselves. */
const POOL_WAITING_MAX = 256;
const PURGE_INTERVAL_MS = 60_000;

await run(async () => {
  const config = readConfig(process.env);
  const { logger, registry, lifecycle, tracing } = await begin("user-svc", config);

  const source = await openMysql({
    ...USER_SCHEMA,
    ...config.mysql,
    maxWaiting: POOL_WAITING_MAX,
  });
  lifecycle.onClose("mysql", () => source.destroy());
  mysqlMetrics(source, registry);

  const pool = poolOf(source);
  const gate = new HashGate({
    concurrency: config.hashConcurrency,
    maxWaiting: config.hashQueue,
    waitMs: HASH_WAIT_MS,
  });
  const signedIn = poolLane("the queue of those who are signed in", config.mysql.poolSize);
  const metrics = userMetrics(registry, { gate, signedIn });
  const passwords = await PasswordHasher.create({
    cost: config.argon2Cost,
    onHash: metrics.hashed,
  });
  const signingKeys = new MysqlSigningKeyStore(pool);
  const keyRing = new KeyRing({
    store: signingKeys,
    clock: systemClock,
    sealingKey: config.keyEncryptionKey,
    rotationMs: config.keyRotationMs,
    newId: randomUUID,
  });
  const app: App = {
    users: new MysqlUserStore(pool),
    sessions: new MysqlSessionStore(pool),
    signingKeys,
    keyRing,
    passwords,
    gate,
    signedIn,
    observer: metrics,
    clock: systemClock,
    newId: randomUUID,
    accessTokenSeconds: config.accessTokenSeconds,
    refreshKey: refreshKeyOf(config.keyEncryptionKey),
    refreshTokenMs: config.refreshTokenMs,
  };
  const purge = (isStopped: () => boolean) => purgeSessions(app.sessions, isStopped);
  startTasks(
    { registry, lifecycle, logger },
    { purge: { round: purge, intervalMs: PURGE_INTERVAL_MS } },
  );

  const checkSchema = schemaCheck(source);
  await serveRpc({
    services: [served(UserService, userService(app))],
    domain: ERROR_DOMAIN,
    grpcPort: config.grpcPort,
    httpPort: config.httpPort,
    logger,
    registry,
    lifecycle,
    checkReady: async () => {
      await checkSchema();
      // Makes the first key, too.
      await keyRing.signer();
    },
    drainMs: config.drainMs,
    graceMs: config.graceMs,
    tracing,
  });
});
