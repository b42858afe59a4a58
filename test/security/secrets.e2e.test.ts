import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { text } from "node:stream/consumers";
import { SCHEMAS } from "@tessera/testkit/schemas";
import { programOf, SERVICES, type ServiceName, serviceEnv } from "@tessera/testkit/services";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { type Connection, createConnection } from "mysql2/promise";
import { Buyer, createEvent, type SaleEvent } from "../market.ts";
import { type Answer, type Call, call } from "../rest.ts";
import { useSharedSystem } from "../shared-system.ts";
import type { Place } from "../waiting-buyer.ts";
import { adminUrl, metricsOf } from "../watch.ts";
import { operations } from "./operations.ts";
import { rpcs } from "./rpcs.ts";

/** A text that is nowhere else, by what it is used as. */
const secretFor = (use: string) => `${use}-${randomBytes(12).toString("hex")}`;

const known = await rpcs();

describe("a secret", () => {
  const system = useSharedSystem();
  const person = {
    email: `${secretFor("email")}@example.com`,
    password: secretFor("password"),
    name: secretFor("name"),
  };
  const typed = secretFor("typed");
  const payment = secretFor("payment");
  /** Whatever must not be told, by what it is. */
  const secrets: Record<string, string> = {
    ...person,
    "a password typed where the address belongs": typed,
    "a payment reference": payment,
  };
  /** How much of each log was there before. */
  const offsets = new Map<string, number>();
  const problems: Answer[] = [];
  let buyer: Buyer;
  let event: SaleEvent;

  const processes = () => Object.values(system.processes).flat();
  const url = (path: string) => system.bffUrl() + path;
  const logOf = (service: ServiceName) => {
    const { logFile = "" } = system.processes[service][0] ?? {};
    return readFileSync(logFile).subarray(offsets.get(logFile)).toString("utf8");
  };

  /** Sends, and keeps what is answered as a problem. */
  async function ask(path: string, request: Call): Promise<Answer<Record<string, string>>> {
    const answer = await call<Record<string, string>>(url(path), request);
    if (answer.status >= 400) {
      problems.push(answer);
    }
    return answer;
  }

  function expectNone(where: string, told: string): void {
    for (const [what, secret] of Object.entries(secrets)) {
      expect(secret.length, what).to.be.greaterThan(8);
      expect(told.includes(secret), `${where} tells ${what}: ${around(told, secret)}`).to.equal(
        false,
      );
    }
  }

  before(async () => {
    for (const { logFile } of processes()) {
      offsets.set(logFile, statSync(logFile).size);
    }
    const { settings } = system;
    secrets["what seals signing keys"] = settings.keyEncryptionKey;
    secrets["what signs passes"] = settings.passSecret;
    for (const schema of SCHEMAS) {
      secrets[`the database password of ${schema}`] = new URL(settings.mysqlUrls[schema]).password;
    }
    const waitingRoom = { admitPerMinute: 6_000, maxActive: 100, passSeconds: 60 };
    event = await createEvent(system.bffUrl(), [10], { waitingRoom });
    await doEverything();
  });

  /** Signs up, signs in and buys, with mistakes on the way. */
  async function doEverything(): Promise<void> {
    const user = await ask("/v1/users", { body: person });
    const session = await ask("/v1/sessions", { body: person });
    expect(session.status).to.equal(400);
    const { email, password } = person;
    const { body } = await ask("/v1/sessions", { body: { email, password } });
    const refreshed = await ask("/v1/sessions/refresh", {
      body: { refreshToken: body.refreshToken },
    });
    secrets["an access token"] = body.accessToken ?? "";
    secrets["a refresh token"] = body.refreshToken ?? "";
    secrets["a later access token"] = refreshed.body.accessToken ?? "";
    secrets["a later refresh token"] = refreshed.body.refreshToken ?? "";
    await ask("/v1/sessions", { body: { email: typed, password: typed } });
    await ask("/v1/sessions", { body: { email, password: typed } });
    await ask("/v1/users", { body: { ...person, name: typed } });
    buyer = new Buyer({
      url: system.bffUrl(),
      userId: user.body.id ?? "",
      token: refreshed.body.accessToken ?? "",
    });
    await buyWithPass();
    await ask("/v1/sessions/refresh", { body: { refreshToken: body.refreshToken } });
  }

  async function buyWithPass(): Promise<void> {
    const { token } = buyer;
    const queue = `/v1/events/${event.id}/queue`;
    await ask(queue, { method: "POST", token });
    const pass = await until("a pass", async () => {
      const { body } = await call<Place>(url(queue), { token });
      return body.pass;
    });
    secrets["a pass"] = pass;
    const items = [{ ticketTypeId: event.types[0], quantity: 1 }];
    const body = { eventId: event.id, items };
    const wish = { token, body, key: randomUUID() };
    await ask("/v1/reservations", { ...wish, headers: { "admission-pass": `${pass}x` } });
    const made = await ask("/v1/reservations", { ...wish, headers: { "admission-pass": pass } });
    expect(made.status, made.text).to.equal(201);
    const confirm = `/v1/reservations/${made.body.id}/confirm`;
    const paid = { token, body: { paymentReference: payment }, key: randomUUID() };
    await ask(confirm, { ...paid, body: { paymentReference: `${payment}\n` } });
    expect((await ask(confirm, paid)).status).to.equal(200);
    await ask(confirm, { ...paid, body: { paymentReference: `${payment}-2` } });
    await ask(confirm, { ...paid, key: randomUUID(), body: { paymentReference: `${payment}-2` } });
  }

  it("is not told by any route that is asked in the wrong way", async () => {
    const all = Object.values(secrets).join(" ");
    for (const { method, path, body } of operations()) {
      const address = path.replaceAll(/\{\w+\}/g, encodeURIComponent(typed));
      const query = `?access_token=${buyer.token}&q=${typed}`;
      const { token } = buyer;
      const content = body === undefined ? {} : { body: { ...person, password: [all] } };
      const type = method as NonNullable<Call["method"]>;
      await ask(address + query, { method: type, token, key: randomUUID(), ...content });
      await ask(address, { method: type, token: `${token}x`, headers: { "x-api-key": typed } });
      if (body !== undefined) {
        await ask(address, { method: type, token, key: typed, body: `{"password":"${all}` });
      }
    }
  });

  for (const schema of SCHEMAS) {
    it(`is not told when statements of ${schema} fail as nobody foresaw`, async () => {
      await withoutTables(system.settings.mysqlUrls[schema], async () => {
        const { email, password } = person;
        const { token } = buyer;
        const key = randomUUID;
        const answers = [
          await ask("/v1/users", { body: { ...person, email: `new-${email}` } }),
          await ask("/v1/sessions", { body: { email, password } }),
          await ask("/v1/sessions/refresh", {
            body: { refreshToken: secrets["a later refresh token"] },
          }),
          await ask(`/v1/reservations/${randomUUID()}/confirm`, {
            token,
            key: key(),
            body: { paymentReference: payment },
          }),
          await ask("/v1/reservations", {
            token,
            key: key(),
            body: { eventId: event.id, items: [{ ticketTypeId: event.types[0], quantity: 1 }] },
            headers: { "admission-pass": secrets["a pass"] ?? "" },
          }),
          await ask(`/v1/events?q=${typed}`, {}),
        ];
        const failed = answers.filter(({ status }) => status >= 500);
        expect(failed, "requests that need these tables").not.to.deep.equal([]);
        for (const { text: told } of failed) {
          expect(told).not.to.match(/SELECT|INSERT|UPDATE|mysql|table|ER_/i);
        }
      });
    });
  }

  it("is in no problem", () => {
    expect(problems.length).to.be.greaterThan(50);
    for (const { text: told, headers } of problems) {
      const heads = JSON.stringify([...headers]);
      expectNone("a problem", told + heads);
    }
  });

  it("is in no log, each line of which is one JSON object", async () => {
    for (const service of SERVICES) {
      const marker = randomUUID();
      await call(addressAt(service), { body: {}, headers: { "x-request-id": marker } });
      await until(`${service} has written`, () => logOf(service).includes(marker));
      const told = logOf(service);
      expectNone(service, told);
      for (const line of told.trimEnd().split("\n")) {
        expect(() => JSON.parse(line), line).not.to.throw();
      }
    }
  });

  it("is in no metric", async () => {
    for (const one of processes()) {
      expectNone(one.name, await metricsOf(one));
    }
  });

  it("is not told by a process that cannot start", async () => {
    // Between them they are given every kind of secret.
    const services = ["user-svc", "reservation-svc"] as const;
    const all = await Promise.all(services.map(lastWords));
    expectNone("a process that cannot start", all.join());
    expect(all.join())
      .to.match(/KEY_ENCRYPTION_KEY/)
      .and.to.match(/REDIS_URL/);
  });

  /** Where requests are logged with their ids. */
  function addressAt(service: ServiceName): string {
    const rpc = known.find((one) => one.service === service)?.method;
    return rpc === undefined
      ? url("/v1/nothing")
      : `${adminUrl(system.processes[service][0])}/${rpc.parent.typeName}/${rpc.name}`;
  }

  /** What a process says that was given secrets in a form that it cannot read. */
  async function lastWords(service: ServiceName): Promise<string> {
    const sound = serviceEnv(service, system.settings, {});
    const broken = Object.entries(sound)
      .filter(([name]) => /_URL$|_KEY$|_SECRETS$|_ADDRESS$/.test(name))
      .map(([name, value]) => [name, `%%${value}${typed}`.replace("://", ":")]);
    const [command = "", ...args] = programOf(service);
    const env = { ...sound, ...Object.fromEntries(broken) };
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const [out, complaint] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit"),
    ]);
    expect(child.exitCode, `${service}: ${out}${complaint}`).to.equal(2);
    return out + complaint;
  }
});

function around(told: string, secret: string): string {
  const at = told.indexOf(secret);
  return told.slice(Math.max(0, at - 200), at + 200);
}

/** Hides a schema's tables for as long as `work` takes. */
async function withoutTables(url: string, work: () => Promise<void>): Promise<void> {
  await using connection = await createConnection(url);
  const [rows] = await connection.query("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'");
  const names = (rows as object[]).map((row) => String(Object.values(row)[0]));
  await rename(connection, names, (name) => [name, `hidden_${name}`]);
  try {
    await work();
  } finally {
    await rename(connection, names, (name) => [`hidden_${name}`, name]);
  }
}

async function rename(
  connection: Connection,
  names: readonly string[],
  move: (name: string) => readonly [from: string, to: string],
): Promise<void> {
  const moves = names.map((name) =>
    move(name)
      .map((one) => `\`${one}\``)
      .join(" TO "),
  );
  await connection.query(`RENAME TABLE ${moves.join(", ")}`);
}
