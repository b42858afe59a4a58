import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { createSchema } from "@tessera/testkit/mysql";
import { SCHEMAS } from "@tessera/testkit/schemas";
import { programOf, type ServiceName } from "@tessera/testkit/services";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { createConnection } from "mysql2/promise";
import { type Buyer, createEvent, newBuyer } from "./market.ts";
import { type Answer, call } from "./rest.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";
import { adminUrl } from "./watch.ts";

describe("the programs of every service", () => {
  it("migrate once, however many run at the same time", async () => {
    for (const service of ["inventory-svc", "reservation-svc", "user-svc"] as const) {
      const schema = await createSchema();
      try {
        const env = { MYSQL_URL: schema.url, MYSQL_TYPE: schema.type };
        const runs = await Promise.all([0, 1].map(() => runToEnd(service, "migrate.ts", env)));
        expect(runs.map(({ code, err }) => [code, err])).to.deep.equal([
          [0, ""],
          [0, ""],
        ]);
        // Each migration is named by the one that ran it.
        const done = runs.flatMap(({ out }) => out.match(/[A-Z][A-Za-z]+\d{13}/g) ?? []);
        expect(done).to.have.length.greaterThan(0);
        expect(new Set(done).size).to.equal(done.length);
      } finally {
        await schema.drop();
      }
    }
  });

  it("refuse settings that make no sense, all of them in one message, and show no value", async () => {
    const secret = "mysql+secret";
    const wrong: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
      "inventory-svc": { MYSQL_URL: secret, GRPC_PORT: "70000", LOG_LEVEL: "loud" },
      "reservation-svc": {
        MYSQL_URL: secret,
        REDIS_URL: "x",
        INVENTORY_ADDRESS: "nowhere",
        PASS_SECRETS: secret,
      },
      "user-svc": { MYSQL_URL: secret, KEY_ENCRYPTION_KEY: secret, ARGON2_TIME_COST: "0" },
      bff: { REDIS_URL: secret, PORT: "-1", RESERVE_BURST: "many", PASS_SECRETS: secret },
    };
    const runs = Object.entries(wrong).map(async ([service, env]) => {
      const { code, out, err } = await runToEnd(service as ServiceName, "main.ts", env);
      expect([service, code, out]).to.deep.equal([service, 2, ""]);
      const [title, ...problems] = err.trim().split("\n");
      expect(title).to.equal("invalid environment:");
      const named = problems.map((problem) => problem.trim().split(" ", 1)[0]);
      expect(named).to.have.members(Object.keys(env));
      expect(err).not.to.contain(secret);
    });
    await Promise.all(runs);
  });
});

describe("a process that is told to stop", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();
  let buyer: Buyer;
  before(async () => {
    buyer = await newBuyer(url());
  });

  for (const { service, schema, table } of [
    { service: "bff", schema: "inventory", table: "event" },
    { service: "reservation-svc", schema: "inventory", table: "event" },
    { service: "inventory-svc", schema: "inventory", table: "event" },
    { service: "user-svc", schema: "user", table: "user" },
  ] as const) {
    it(`says so first, finishes what it began, and ends with 0: ${service}`, async () => {
      const event = await createEvent(url(), [5]);
      const [process] = system.processes[service];
      const admin = adminUrl(process);
      const blocker = await createConnection(system.mysqlUrls[schema]);
      let waiting: Promise<Answer>;
      try {
        await blocker.query(`LOCK TABLES ${table} WRITE`);
        // The answer cannot come before the table is free.
        waiting =
          service === "user-svc"
            ? call(`${url()}/v1/users/me`, { token: buyer.token })
            : buyer.reserve(event);
        await untilWaiting(blocker.threadId ?? 0, schema);
        process?.signal("SIGTERM");
        await until(
          "it says that it stops",
          async () => (await readiness(admin)) === "stopping\n",
          {
            everyMs: 5,
          },
        );
        expect(process?.exitCode, "it left before its work was done").to.equal(null);
      } finally {
        await blocker.end();
      }
      const answer = await waiting;
      expect(answer.status, answer.text).to.equal(service === "user-svc" ? 200 : 201);
      await until("it has ended", () => process?.exitCode !== null);
      expect(process?.exitCode).to.equal(0);
      await process?.start();
      await until("it works again", async () => (await buyer.reserve(event)).status === 201);
      await expectExact(system, event);
    });
  }

  /** Resolves when a statement waits for the table that `threadId` has locked. */
  async function untilWaiting(threadId: number, schema: "inventory" | "user"): Promise<void> {
    const address = system.mysqlUrls[schema];
    const name = new URL(address).pathname.slice(1);
    await using watcher = await createConnection(address);
    await until("a statement waits", async () => {
      // The server is shared with other tests, which wait for locks of their own.
      const [rows] = await watcher.query("SHOW FULL PROCESSLIST");
      return (rows as { Id: number; db: string | null; State: string | null }[]).some(
        ({ Id, db, State }) =>
          Id !== threadId && db === name && /waiting for .*lock/i.test(State ?? ""),
      );
    });
  }
});

describe("a process that is started", () => {
  const system = useSharedSystem();

  it("forgets request keys of long ago: reservation-svc", async () => {
    await using store = await createConnection(system.mysqlUrls.reservation);
    const id = randomUUID().replaceAll("-", "");
    await store.query(
      `INSERT INTO request_key (key_id, reservation_id, body_hash, create_time)
       VALUES (UNHEX(?), UNHEX(?), UNHEX(?), UTC_TIMESTAMP(3) - INTERVAL 8 DAY)`,
      [id, id, id],
    );
    await system.processes["reservation-svc"][0]?.restart();
    await until("the key is forgotten", async () => {
      const [rows] = await store.query("SELECT 1 FROM request_key WHERE key_id = UNHEX(?)", [id]);
      return (rows as unknown[]).length === 0;
    });
  });

  for (const schema of SCHEMAS) {
    it(`is ready once its schema is migrated: ${schema}-svc`, async () => {
      const store = await createConnection(system.mysqlUrls[schema]);
      const [process] = system.processes[`${schema}-svc`];
      try {
        await store.query("RENAME TABLE migrations TO migrations_away");
        await process?.restart();
        const said = await readiness(adminUrl(process));
        expect(said).to.equal("the schema is not migrated: run the migrations\n");
      } finally {
        await store.query("RENAME TABLE migrations_away TO migrations");
        await store.end();
      }
      expect(await readiness(adminUrl(process))).to.equal("ok\n");
    });
  }
});

/** What /readyz says; undefined when nobody listens any more. */
async function readiness(admin: string): Promise<string | undefined> {
  return await fetch(`${admin}/readyz`).then(
    (response) => response.text(),
    () => undefined,
  );
}

/** Runs a program with these settings only. */
async function runToEnd(service: ServiceName, file: string, env: Readonly<Record<string, string>>) {
  const [node = "", ...rest] = programOf(service, file);
  const child = spawn(node, rest, {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const ended = once(child, "exit");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code, out, err };
}
