import { randomBytes, randomUUID } from "node:crypto";
import { type Client, createClient } from "@connectrpc/connect";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { GrpcTransport } from "@tessera/service-kit/grpc-client";
import { poolLane } from "@tessera/service-kit/lane";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { createLogger } from "@tessera/service-kit/logger";
import { createRegistry } from "@tessera/service-kit/metrics";
import { served, serveRpc } from "@tessera/service-kit/serve-rpc";
import { failureOf } from "@tessera/testkit/call-failure";
import { MYSQL_POOL_SIZE, type TestSchema, useMysql } from "@tessera/testkit/mysql";
import { decodeJwt } from "jose";
import type { Registry } from "prom-client";
import type { App } from "../src/app/app.ts";
import { KeyRing, type KeyRingOptions } from "../src/app/key-ring.ts";
import { HashGate } from "../src/crypto/hash-gate.ts";
import { type Argon2Cost, PasswordHasher } from "../src/crypto/password-hasher.ts";
import { refreshKeyOf } from "../src/crypto/refresh-token.ts";
import { ERROR_DOMAIN, userService } from "../src/grpc/user-service.ts";
import { userMetrics } from "../src/metrics.ts";
import { MysqlSessionStore } from "../src/mysql/mysql-session-store.ts";
import { MysqlSigningKeyStore } from "../src/mysql/mysql-signing-key-store.ts";
import { MysqlUserStore } from "../src/mysql/mysql-user-store.ts";
import { USER_SCHEMA } from "../src/mysql/schema.ts";

const logger = createLogger({ service: "user-svc", level: "silent" });

/** What a test wants to differ. */
export interface UserServiceOptions {
  cost?: Argon2Cost;
  concurrency?: number;
  maxWaiting?: number;
}

/** The service, served by gRPC from this process over a schema of its own. */
export interface RunningUserService {
  schema: TestSchema;
  app: App;
  client: Client<typeof UserService>;
  registry: Registry;
  /** What bounds its hashing. */
  gate: HashGate;
  /** Lets this much time pass for the service. */
  advance(ms: number): void;
  /** Another replica's ring over the same keys, with something of its own. */
  newKeyRing(own?: Partial<KeyRingOptions>): KeyRing;
}

export const CHEAP_COST: Argon2Cost = { memoryCost: 128, timeCost: 1, parallelism: 1 };
export const ROTATION_MS = 30 * 86_400_000;
/** What seals the private keys of these tests. */
const SEALING_KEY = randomBytes(32);
export const ACCESS_TOKEN_SECONDS = 900;

/** Call it inside `describe`; read the result inside hooks and tests only. */
export function useUserService(options: UserServiceOptions = {}): RunningUserService {
  const lifecycle = new Lifecycle();
  // Hooks run in order of registration: the server stops before its schema goes.
  after(() => lifecycle.close());
  const schema = useMysql(USER_SCHEMA);
  const opened = { schema } as RunningUserService;
  before(async () => {
    let aheadMs = 0;
    const clock = () => new Date(Date.now() + aheadMs);
    const registry = createRegistry("user-svc");
    const gate = new HashGate({
      concurrency: options.concurrency ?? 2,
      maxWaiting: options.maxWaiting ?? 64,
      waitMs: 10_000,
    });
    const signedIn = poolLane("signed in", MYSQL_POOL_SIZE);
    const metrics = userMetrics(registry, { gate, signedIn });
    const signingKeys = new MysqlSigningKeyStore(schema.pool);
    const newKeyRing = (own: Partial<KeyRingOptions> = {}) =>
      new KeyRing({
        store: signingKeys,
        clock,
        now: () => performance.now() + aheadMs,
        sealingKey: SEALING_KEY,
        rotationMs: ROTATION_MS,
        newId: randomUUID,
        ...own,
      });
    const app: App = {
      users: new MysqlUserStore(schema.pool),
      sessions: new MysqlSessionStore(schema.pool),
      signingKeys,
      keyRing: newKeyRing(),
      passwords: await PasswordHasher.create({
        cost: options.cost ?? CHEAP_COST,
        onHash: metrics.hashed,
      }),
      gate,
      signedIn,
      observer: metrics,
      clock,
      newId: randomUUID,
      accessTokenSeconds: ACCESS_TOKEN_SECONDS,
      refreshKey: refreshKeyOf(SEALING_KEY),
      refreshTokenMs: 30 * 86_400_000,
    };
    const { grpcPort } = await serveRpc({
      services: [served(UserService, userService(app))],
      domain: ERROR_DOMAIN,
      grpcPort: 0,
      httpPort: 0,
      logger,
      registry,
      lifecycle,
      checkReady: () => Promise.resolve(),
      drainMs: 0,
      graceMs: 1_000,
    });
    const address = `127.0.0.1:${grpcPort}`;
    const transport = new GrpcTransport({ address, defaultTimeoutMs: 15_000 });
    lifecycle.onClose("client", () => transport.close());
    const client = createClient(UserService, transport);
    const advance = (ms: number) => {
      aheadMs += ms;
    };
    Object.assign(opened, { app, client, registry, gate, advance, newKeyRing });
  });
  return opened;
}

/** A person nobody has heard of. */
export function newPerson() {
  const id = randomUUID();
  return { requestId: id, email: `${id}@example.com`, password: "correct horse", name: "Ann" };
}

/** Signs a new person up and in. */
export async function signedInTo({ client }: RunningUserService) {
  const person = newPerson();
  const { user } = await client.createUser(person);
  const { tokens } = await client.createSession(person);
  const { sid } = decodeJwt(tokens?.accessToken ?? "");
  return {
    person,
    userId: user?.id ?? "",
    sessionId: String(sid),
    refreshToken: tokens?.refreshToken ?? "",
  };
}

/** Exchanges a refresh token for the next. */
export function refreshesOf(service: RunningUserService) {
  return async (refreshToken: string, requestId: string = randomUUID()): Promise<string> => {
    const { tokens } = await service.client.refreshSession({ refreshToken, requestId });
    return tokens?.refreshToken ?? "";
  };
}

/** Does `work` while something happens to each token between its reading and its use. */
export async function withEachRead<T>(
  service: RunningUserService,
  afterRead: () => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const { sessions } = service.app;
  const findToken = sessions.findToken.bind(sessions);
  sessions.findToken = async (sessionId, hash) => {
    const token = await findToken(sessionId, hash);
    await afterRead();
    return token;
  };
  try {
    return await work();
  } finally {
    sessions.findToken = findToken;
  }
}

/** The ErrorInfo's reason of a failed call. */
export async function reasonOf(call: Promise<unknown>): Promise<string | undefined> {
  return (await failureOf(call)).reason;
}
