import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Code, type HandlerContext } from "@connectrpc/connect";
import {
  DeleteSessionRequestSchema,
  GetUserRequestSchema,
} from "@tessera/proto/user/v1/user_service_pb";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { failureOf } from "@tessera/testkit/call-failure";
import { MYSQL_POOL_SIZE } from "@tessera/testkit/mysql";
import { rejectionOf } from "@tessera/testkit/rejection";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { PasswordHasher } from "../src/crypto/password-hasher.ts";
import { userService } from "../src/grpc/user-service.ts";
import { newPerson, reasonOf, signedInTo, useUserService } from "./use-user-service.ts";

describe("a spike of sign-ins", () => {
  const service = useUserService({ concurrency: 1, maxWaiting: 2 });

  it("is refused early while all places are taken, and GetUser goes on answering", async () => {
    const person = newPerson();
    const { user } = await service.client.createUser(person);
    const hashing = Promise.withResolvers<void>();
    const held = service.gate.run(() => hashing.promise);

    const refused: unknown[] = [];
    const burst = Array.from({ length: 12 }, () =>
      service.client.createSession(person).then(
        () => "ok",
        (reason: unknown) => {
          refused.push(reason);
          // Those that fit into the queue are the only ones left.
          if (refused.length === 10) {
            hashing.resolve();
          }
          return "refused";
        },
      ),
    );
    const found = await service.client.getUser({ userId: user?.id ?? "" });
    expect(found.user?.id).to.equal(user?.id);
    const outcomes = await Promise.all(burst);
    await held;
    expect(outcomes.filter((outcome) => outcome === "ok")).to.have.length(2);
    for (const reason of refused) {
      const failure = await failureOf(Promise.reject(reason));
      expect(failure).to.include({ reason: "TOO_BUSY", code: Code.ResourceExhausted });
    }
    const metrics = await service.registry.metrics();
    expect(metrics).to.contain('tessera_sign_ins_total{outcome="too_busy",service="user-svc"} 10');
    await service.client.createSession(person);
  });

  it("from one address keeps nobody else from signing in", async () => {
    const person = newPerson();
    await service.client.createUser(person);
    const hashing = Promise.withResolvers<void>();
    const held = service.gate.run(() => hashing.promise);
    const from = (origin: string) => ({ headers: { "x-tessera-origin": origin } });
    const refused: unknown[] = [];
    const flood = Array.from({ length: 10 }, () =>
      service.client.createSession(person, from("a")).catch((reason: unknown) => {
        refused.push(reason);
      }),
    );
    await until("there is no place left", () => refused.length === 8);
    const other = service.client.createUser(newPerson(), from("b"));
    await until("one was given up", () => refused.length === 9);
    hashing.resolve();
    await Promise.all([other, held, ...flood]);
    expect(refused).to.have.length(9);
  });

  it("is refused for sign-ups, too", async () => {
    const hashing = Promise.withResolvers<void>();
    const places = Array.from({ length: 3 }, () => service.gate.run(() => hashing.promise));
    const failure = await failureOf(service.client.createUser(newPerson()));
    expect(failure).to.include({ reason: "TOO_BUSY" });
    hashing.resolve();
    await Promise.all(places);
    await service.client.createUser(newPerson());
  });

  it("is refused before it asks the database, which has others to answer", async () => {
    const { pool } = service.schema;
    const hashing = Promise.withResolvers<void>();
    const places = Array.from({ length: 3 }, () => service.gate.run(() => hashing.promise));
    const held = await Promise.all(
      Array.from({ length: MYSQL_POOL_SIZE }, () => pool.getConnection()),
    );
    try {
      for (const call of [service.client.createSession, service.client.createUser]) {
        expect(await failureOf(call(newPerson()))).to.include({ reason: "TOO_BUSY" });
      }
    } finally {
      for (const connection of held) {
        connection.release();
      }
      hashing.resolve();
      await Promise.all(places);
    }
  });

  it("keeps no place for those who have gone", async () => {
    const hashing = Promise.withResolvers<void>();
    const held = service.gate.run(() => hashing.promise);
    const { createSession, createUser } = service.client;
    for (const call of [createSession, createUser]) {
      const caller = new AbortController();
      const waiting = reasonOf(call(newPerson(), { signal: caller.signal }));
      await until("it waits", () => service.gate.depth === 1);
      caller.abort();
      // Long before its turn would be given up.
      await until("its place is free", () => service.gate.depth === 0, { patienceMs: 5_000 });
      await waiting;
    }
    hashing.resolve();
    await held;
  });

  it("does not keep the event loop from turning while a hash is computed", async () => {
    const cost = { memoryCost: 65_536, timeCost: 3, parallelism: 1 };
    const passwords = await PasswordHasher.create({ cost });
    let turns = 0;
    let isHashing = true;
    const count = () => {
      turns += 1;
      if (isHashing) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    await passwords.hash("a password that takes its time");
    isHashing = false;
    // On the loop it would be none.
    expect(turns).to.be.greaterThan(1);
  });
});

describe("a crowd that is signed in", () => {
  const service = useUserService();

  it("keeps nobody from signing in, however long its calls take", async () => {
    const { person, userId, sessionId } = await signedInTo(service);
    const other = await service.schema.pool.getConnection();
    const lock = "START TRANSACTION; SELECT 1 FROM session WHERE id = ? FOR UPDATE";
    await other.query(lock, [uuidToBytes(sessionId)]);
    const signOut = () => service.client.deleteSession({ userId, sessionId });
    const signOuts = Array.from({ length: 50 }, signOut);
    await service.client.createSession(person);
    const waiting = /^tessera_queue_depth\{queue="signed_in",service="user-svc"\} [1-9]/m;
    expect(await service.registry.metrics()).to.match(waiting);
    await other.query("ROLLBACK");
    other.release();
    await Promise.all(signOuts);
  });

  it("has nothing done for those whose time is over", async () => {
    const ids = { userId: randomUUID(), sessionId: randomUUID() };
    const { getUser, deleteSession } = userService(service.app);
    const late = { timeoutMs: () => 0 } as HandlerContext;
    for (const call of [
      async () => getUser(create(GetUserRequestSchema, ids), late),
      async () => deleteSession(create(DeleteSessionRequestSchema, ids), late),
    ]) {
      expect(await rejectionOf(call())).to.include({ reason: "DEADLINE_EXCEEDED" });
    }
  });
});
