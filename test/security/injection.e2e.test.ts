import { randomUUID } from "node:crypto";
import { violationsOf } from "@tessera/testkit/invariants";
import { SCHEMAS } from "@tessera/testkit/schemas";
import { expect } from "chai";
import { Redis } from "ioredis";
import { createConnection } from "mysql2/promise";
import { type Buyer, createEvent, newBuyer, type SaleEvent, signIn } from "../market.ts";
import { type Answer, type Call, call } from "../rest.ts";
import { useSharedSystem } from "../shared-system.ts";
import { eachOf } from "../storm.ts";
import { adminUrl } from "../watch.ts";
import { aliveCheck } from "./fuzz-settings.ts";
import { HOSTILE_TEXTS } from "./hostile-text.ts";
import type { KnownIds } from "./known-ids.ts";
import { schemaOf } from "./message-values.ts";
import { operations } from "./operations.ts";
import { rpcs } from "./rpcs.ts";
import type { Schema } from "./schema-values.ts";
import { placeName, textAt, textPlaces, wholeValue, withText } from "./text-places.ts";

/** How many requests are under way at once. */
const AT_ONCE = 8;
/** Texts that each field of an RPC is tried with; the fuzz of RPCs tries them all. */
const TEXTS_A_FIELD = 3;

describe("SQL, Lua, JSON and line ends in a text", () => {
  const system = useSharedSystem();
  const url = (path: string) => system.bffUrl() + path;
  let buyer: Buyer;
  let organiser: string;
  /** Nobody touches it: it must be there afterwards as it was. */
  let control: { event: SaleEvent; paths: string[]; before: unknown[]; tables: string[] };
  let known: KnownIds;
  let redis: Redis;
  let checkAlive: () => void;

  before(async () => {
    checkAlive = aliveCheck(system);
    buyer = await newBuyer(system.bffUrl());
    organiser = await signIn(system.bffUrl());
    redis = new Redis(system.redis.url);
    const room = { admitPerMinute: 1, maxActive: 1, passSeconds: 60 };
    const event = await createEvent(system.bffUrl(), [50]);
    const queued = await createEvent(system.bffUrl(), [50], { waitingRoom: room });
    const reserved = await buyer.reserve(event);
    await call(url(`/v1/events/${queued.id}/queue/draw`));
    const paths = [
      "/v1/users/me",
      `/v1/events/${event.id}`,
      `/v1/events/${event.id}/availability`,
      `/v1/events/${queued.id}/queue/draw`,
      `/v1/reservations/${reserved.body.id}`,
    ];
    const tables = await allTables();
    control = { event, paths, before: await shown(paths), tables };
    // What is tried is made with others.
    const other = await createEvent(system.bffUrl(), [100_000], { maxPerUser: 1_000 });
    known = { event: [other.id], "ticket type": [...other.types], user: [buyer.userId] };
    await redis.set("security:control", "untouched");
  });
  after(async () => {
    await redis.del("security:control");
    redis.disconnect();
  });
  afterEach(async () => {
    checkAlive();
    expect(await shown(control.paths)).to.deep.equal(control.before);
    expect(await allTables()).to.deep.equal(control.tables);
    expect(await redis.get("security:control")).to.equal("untouched");
    const { id } = control.event;
    const violations = await violationsOf(system.mysqlUrls, { eventId: id, isSettled: true });
    expect(violations).to.deep.equal([]);
  });

  /** What does not change by itself, of what the addresses show. */
  function shown(paths: readonly string[]): Promise<unknown[]> {
    return Promise.all(
      paths.map(async (path) => {
        const { status, body } = await call<object>(url(path), { token: buyer.token });
        return { status, ...body, serverTime: undefined };
      }),
    );
  }

  async function allTables(): Promise<string[]> {
    const names = SCHEMAS.map(async (schema) => {
      await using connection = await createConnection(system.mysqlUrls[schema]);
      const [rows] = await connection.query("SHOW TABLES");
      return (rows as object[]).flatMap((row) => Object.values(row).map(String));
    });
    return (await Promise.all(names)).flat();
  }

  for (const { name, method, path, body: schema } of operations()) {
    const places = schema === undefined ? [] : textPlaces(schema);
    for (const place of places) {
      it(`is kept as it is, or refused by its name: ${name} ${placeName(place)}`, async () => {
        const send = (body: unknown) =>
          call<object>(url(path.replaceAll(/\{\w+\}/g, randomUUID())), {
            method: method as NonNullable<Call["method"]>,
            body: place[0] === "email" ? body : withNewAddress(body),
            token: path.startsWith("/v1/events") ? organiser : buyer.token,
            key: randomUUID(),
          });
        const whole = await acceptable(schema ?? {}, send);
        await eachOf(HOSTILE_TEXTS, AT_ONCE, async (text) => {
          const answer = await send(withText(whole, place, text));
          const { status, body } = answer;
          const what = `${JSON.stringify(text.slice(0, 60))}: ${status} ${answer.text}`;
          expect(status, what).to.be.within(200, 499);
          if (status < 300 && textAt(body, place) !== undefined) {
            const kept = plain(String(textAt(body, place)));
            const said = plain(text);
            const isAddress = place.at(-1) === "email";
            expect(kept, what).to.equal(isAddress ? said.toLowerCase() : said);
          } else if (body.code === "INVALID_FIELD") {
            expect(body.errors?.map(({ field }) => field).join(), what).to.include(
              String(place[0]),
            );
          }
        });
      });
    }
  }

  /** A value that is refused for nothing in it: schemas do not tell which times go together. */
  async function acceptable(
    schema: Schema,
    send: (body: unknown) => Promise<Answer<object>>,
  ): Promise<unknown> {
    for (let seed = 1; seed < 20; seed += 1) {
      const value = wholeValue(schema, known, seed);
      if ((await send(value)).body?.code !== "INVALID_FIELD") {
        return value;
      }
    }
    throw new Error(`nothing made of ${JSON.stringify(schema)} is acceptable`);
  }

  it("means itself in a search, its wildcards and quotes included", async () => {
    const begin = randomUUID();
    const names = ["%", "_", "!", "\\", "'", '"', "x"].map((mark) => `${begin}${mark}`);
    await eachOf(names, 2, (name) => createEvent(system.bffUrl(), [1], { name }));
    for (const name of names) {
      const found = await call<{ items: { name: string }[] }>(
        url(`/v1/events?q=${encodeURIComponent(name)}`),
      );
      expect(found.body.items.map((item) => item.name)).to.deep.equal([name]);
    }
    for (const tail of ["%%", "' OR 1=1 -- ", "_x", "\\%", '" OR ""="']) {
      const found = await call<{ items: unknown[] }>(
        url(`/v1/events?q=${encodeURIComponent(begin + tail)}`),
      );
      expect([tail, found.body.items]).to.deep.equal([tail, []]);
    }
  });

  it("is one Idempotency-Key and no other, whatever separators are in it", async () => {
    const event = await createEvent(system.bffUrl(), [1_000], { maxPerUser: 1_000 });
    const printable = HOSTILE_TEXTS.filter((text) => /^[!-~][ -~]{0,200}$/.test(text.trimEnd()));
    const keys = [...new Set(printable.map((text) => text.trim()))];
    const more = ["a:b", "a", "a:b:c", "{a}", "a}{b", "a*", "a?", "[a]", "A"];
    const ids = await eachOf([...keys, ...more], AT_ONCE, async (key) => {
      const first = await buyer.reserve(event, [[0, 1]], key);
      expect(first.status, `${key}: ${first.text}`).to.equal(201);
      const second = await buyer.reserve(event, [[0, 1]], key);
      expect(second.headers.get("idempotent-replayed"), key).to.equal("true");
      expect(second.text).to.equal(first.text);
      return first.body.id;
    });
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it("does no harm in any field of any RPC", async () => {
    let next = 0;
    for (const { service, method } of await rpcs()) {
      const schema = schemaOf(method.input);
      const whole = wholeValue(schema, known);
      const address = adminUrl(system.processes[service][0]);
      await eachOf(textPlaces(schema), AT_ONCE, async (place) => {
        for (let count = 0; count < TEXTS_A_FIELD; count += 1) {
          next += 1;
          const text = HOSTILE_TEXTS[next % HOSTILE_TEXTS.length] ?? "";
          const answer = await call<object>(`${address}/${method.parent.typeName}/${method.name}`, {
            body: withText(whole, place, text),
            headers: { "x-tessera-user-id": buyer.userId, "x-tessera-role": "organiser" },
          });
          const what = `${method.name} ${placeName(place)} ${JSON.stringify(text.slice(0, 60))}`;
          expect(answer.status, `${what}: ${answer.text}`).to.be.within(200, 499);
        }
      });
    }
  });
});

/** Where there is an address, one that nobody has. */
function withNewAddress(body: unknown): unknown {
  const isSignUp = textAt(body, ["name"]) !== undefined;
  return isSignUp && textAt(body, ["email"]) !== undefined
    ? withText(body, ["email"], `${randomUUID()}@example.com`)
    : body;
}

/** Space around a text may go, and its letters may be written in one form; an address has one case. */
function plain(text: string): string {
  return text.trim().normalize("NFC");
}
