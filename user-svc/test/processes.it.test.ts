import { randomUUID } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { GrpcTransport } from "@tessera/service-kit/grpc-client";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { usePrograms } from "@tessera/testkit/programs";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { createPool, type RowDataPacket } from "mysql2/promise";
import { newPerson, reasonOf } from "./use-user-service.ts";

const ORGANISER = { email: "organiser@example.com", password: "the organiser", name: "Olga" };

describe("the programs of user-svc", () => {
  const { opened, run, serve } = usePrograms("user-svc", {
    KEY_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString("base64"),
    ARGON2_MEMORY_KIB: "128",
    ARGON2_TIME_COST: "1",
  });
  const seedEnv = {
    ORGANISER_EMAIL: ORGANISER.email,
    ORGANISER_PASSWORD: ORGANISER.password,
    ORGANISER_NAME: ORGANISER.name,
  };

  before(() => run("migrate.ts"));

  it("seed the organiser once", async () => {
    const first = await run("seed-organiser.ts", seedEnv);
    const second = await run("seed-organiser.ts", seedEnv);
    expect(first).to.contain('"outcome":"created"').and.not.to.contain(ORGANISER.email);
    expect(second).to.contain('"outcome":"exists"');
  });

  it("serve until they are told to stop, and log no secrets", async () => {
    const server = await serve();
    const admin = `http://127.0.0.1:${server.port("httpPort")}`;
    const ready = await fetch(`${admin}/readyz`);
    expect(ready.status).to.equal(200);

    const transport = new GrpcTransport({
      address: `127.0.0.1:${server.port("grpcPort")}`,
      defaultTimeoutMs: 10_000,
    });
    const client = createClient(UserService, transport);
    const person = { ...newPerson(), password: "a secret of mine" };
    await client.createUser(person);
    const { tokens } = await client.createSession(ORGANISER);
    expect((await client.listSigningKeys({})).keys).to.have.length(1);
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).to.contain('tessera_sign_ins_total{outcome="ok"');
    transport.close();

    await server.stop();
    expect(server.exitCode).to.equal(0);
    const log = server.lastLines(1_000);
    expect(log).to.contain('"method":"CreateSession"').and.to.contain('"msg":"stopped"');
    for (const secret of [person.email, person.password, ORGANISER.email]) {
      expect(log).not.to.contain(secret);
    }
    expect(log).not.to.contain(tokens?.refreshToken ?? "no token");
  });

  it("tell who waits for a hash that they are too busy before its call's time is over", async () => {
    const cost = { ARGON2_MEMORY_KIB: "131072", ARGON2_TIME_COST: "4", HASH_CONCURRENCY: "1" };
    const server = await serve(cost);
    const transport = new GrpcTransport({
      address: `127.0.0.1:${server.port("grpcPort")}`,
      defaultTimeoutMs: 2_000,
    });
    const client = createClient(UserService, transport);
    // More than are hashed in that time, and fewer than may wait.
    const calls = Array.from({ length: 60 }, () => {
      const call = client.createUser(newPerson());
      return call.then(
        () => "created",
        () => reasonOf(call),
      );
    });
    const outcomes = await Promise.all(calls);
    expect(outcomes).to.include("TOO_BUSY");
    // The one whose turn it was is late on a slow machine.
    const late = outcomes.filter((one) => one !== "created" && one !== "TOO_BUSY");
    expect(late).to.have.length.at.most(1);
    transport.close();
    await server.stop();
  });

  it("forget sessions whose time is over", async () => {
    await using pool = createPool(opened.schema.url);
    await pool.query(
      `INSERT INTO session (id, user_id, generation, create_time, expire_time)
       VALUES (?, ?, 1, UTC_TIMESTAMP(3) - INTERVAL 31 DAY, UTC_TIMESTAMP(3) - INTERVAL 1 DAY)`,
      [uuidToBytes(randomUUID()), uuidToBytes(randomUUID())],
    );
    const server = await serve();
    await until("the session is forgotten", async () => {
      const [rows] = await pool.query<RowDataPacket[]>(
        "SELECT id FROM session WHERE expire_time < UTC_TIMESTAMP(3)",
      );
      return rows.length === 0;
    });
    await server.stop();
  });
});
