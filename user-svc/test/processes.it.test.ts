import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { GrpcTransport } from "@tessera/service-kit/grpc-client";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { createSchema } from "@tessera/testkit/mysql";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { createPool, type RowDataPacket } from "mysql2/promise";
import { newPerson, reasonOf } from "./use-user-service.ts";

const ORGANISER = { email: "organiser@example.com", password: "the organiser", name: "Olga" };

describe("the programs of user-svc", () => {
  let schema: Awaited<ReturnType<typeof createSchema>>;
  const children = new Set<ChildProcess>();
  before(async () => {
    schema = await createSchema();
  });
  after(async () => {
    for (const child of children) {
      child.kill("SIGKILL");
    }
    await schema.drop();
  });

  function start(program: string, env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [`${import.meta.dirname}/../src/${program}`], {
      env: {
        // biome-ignore lint/style/noProcessEnv: coverage goes where the parent's goes.
        ...process.env,
        MYSQL_URL: schema.url,
        MYSQL_TYPE: schema.type,
        KEY_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString("base64"),
        ARGON2_MEMORY_KIB: "128",
        ARGON2_TIME_COST: "1",
        GRPC_PORT: "0",
        HTTP_PORT: "0",
        DRAIN_MS: "0",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    child.once("exit", () => children.delete(child));
    return child;
  }

  async function runToEnd(program: string, env?: Record<string, string>) {
    const child = start(program, env);
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    if (child.exitCode === null) {
      await once(child, "exit");
    }
    return { code: child.exitCode, out, err };
  }

  /** Starts the service; resolves when it serves. `lines` is what it has logged so far. */
  async function serve(env?: Record<string, string>) {
    const child = start("main.ts", env);
    const lines: string[] = [];
    const ports = Promise.withResolvers<{ grpcPort: number; httpPort: number }>();
    child.once("exit", () => ports.reject(new Error("it ended before it served")));
    const reader = createInterface({ input: child.stdout });
    reader.on("line", (line) => {
      lines.push(line);
      if (line.includes('"msg":"serving"')) {
        ports.resolve(JSON.parse(line));
      }
    });
    return { child, reader, lines, ...(await ports.promise) };
  }

  const seedEnv = {
    ORGANISER_EMAIL: ORGANISER.email,
    ORGANISER_PASSWORD: ORGANISER.password,
    ORGANISER_NAME: ORGANISER.name,
  };

  it("migrate, any number of times and at once", async () => {
    const both = await Promise.all([runToEnd("migrate.ts"), runToEnd("migrate.ts")]);
    expect(both.map(({ code }) => code)).to.deep.equal([0, 0]);
    const outs = both.map(({ out }) => out).join("");
    expect(outs.match(/CreateTables1760000000000/g)).to.have.length(1);
  });

  it("seed the organiser once", async () => {
    const first = await runToEnd("seed-organiser.ts", seedEnv);
    const second = await runToEnd("seed-organiser.ts", seedEnv);
    expect([first.code, second.code]).to.deep.equal([0, 0]);
    expect(first.out).to.contain('"outcome":"created"').and.not.to.contain(ORGANISER.email);
    expect(second.out).to.contain('"outcome":"exists"');
  });

  it("serve until they are told to stop, and log no secrets", async () => {
    const { child, reader, lines, grpcPort, httpPort } = await serve({ MIGRATE_ON_START: "true" });
    const ready = await fetch(`http://127.0.0.1:${httpPort}/readyz`);
    expect(ready.status).to.equal(200);

    const transport = new GrpcTransport({
      address: `127.0.0.1:${grpcPort}`,
      defaultTimeoutMs: 10_000,
    });
    const client = createClient(UserService, transport);
    const person = { ...newPerson(), password: "a secret of mine" };
    await client.createUser(person);
    const { tokens } = await client.createSession(ORGANISER);
    expect((await client.listSigningKeys({})).keys).to.have.length(1);
    const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
    expect(metrics).to.contain('tessera_sign_ins_total{outcome="ok"');
    transport.close();

    const ended = once(child, "exit");
    const read = once(reader, "close");
    child.kill("SIGTERM");
    expect((await ended)[0]).to.equal(0);
    await read;
    const log = lines.join("\n");
    expect(log).to.contain('"method":"CreateSession"').and.to.contain('"msg":"stopped"');
    for (const secret of [person.email, person.password, ORGANISER.email]) {
      expect(log).not.to.contain(secret);
    }
    expect(log).not.to.contain(tokens?.refreshToken ?? "no token");
  });

  it("tell who waits for a hash that they are too busy before its call's time is over", async () => {
    // One hash takes longer than the BFF gives a call.
    const cost = { ARGON2_MEMORY_KIB: "131072", ARGON2_TIME_COST: "40", HASH_CONCURRENCY: "1" };
    const { grpcPort } = await serve({ ...cost, MIGRATE_ON_START: "true" });
    const transport = new GrpcTransport({
      address: `127.0.0.1:${grpcPort}`,
      defaultTimeoutMs: 2_000,
    });
    const client = createClient(UserService, transport);
    const calls = Array.from({ length: 3 }, () => reasonOf(client.createUser(newPerson())));
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((outcome) => outcome === "TOO_BUSY")).to.have.length(2);
    transport.close();
  });

  it("forget sessions whose time is over", async () => {
    await using pool = createPool(schema.url);
    await pool.query(
      `INSERT INTO session (id, user_id, generation, create_time, expire_time)
       VALUES (?, ?, 1, UTC_TIMESTAMP(3) - INTERVAL 31 DAY, UTC_TIMESTAMP(3) - INTERVAL 1 DAY)`,
      [uuidToBytes(randomUUID()), uuidToBytes(randomUUID())],
    );
    const { child } = await serve();
    await until("the session is forgotten", async () => {
      const [rows] = await pool.query<RowDataPacket[]>(
        "SELECT id FROM session WHERE expire_time < UTC_TIMESTAMP(3)",
      );
      return rows.length === 0;
    });
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  });

  it("do not start with settings that make no sense", async () => {
    const { code, err } = await runToEnd("main.ts", { MYSQL_URL: "x", KEY_ENCRYPTION_KEY: "y" });
    expect(code).to.equal(2);
    expect(err).to.equal(
      "invalid environment:\n  MYSQL_URL must be a mysql:// URL\n  KEY_ENCRYPTION_KEY must be 32 bytes in base64\n",
    );
  });
});
