import { randomUUID } from "node:crypto";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { expect } from "chai";
import { DOCUMENT } from "../../bff/test/openapi-check.ts";
import { eventBody } from "../market.ts";
import { call } from "../rest.ts";
import { useClients } from "../rpc.ts";
import { useSharedSystem } from "../shared-system.ts";
import { type Cast, newCast } from "./cast.ts";
import { operations } from "./operations.ts";
import { type Asked, PEOPLE, ROUTES } from "./route-access.ts";

/** What is stored and is in no answer, and what is JavaScript's. */
const INTERNAL = [
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "isOrganiser",
  "isAdmin",
  "passwordHash",
  "emailKey",
  "requestKey",
  "requestId",
  "userId",
  "user_id",
  "organiser_id",
  "sessionId",
  "allocationId",
  "fencingToken",
  "version",
  "seq",
  "$typeName",
];

/** A problem names 20 fields at most. */
const AT_ONCE = 20;

/** A query that a careless parser makes objects of. */
const QUERY =
  "__proto__[role]=organiser&__proto__=1&constructor[prototype][role]=organiser&limit[]=1&a.b=1";

describe("what nobody asked for", () => {
  const system = useSharedSystem();
  const clientOf = useClients();
  let cast: Cast;
  before(async () => {
    cast = await newCast(system);
  });

  /** Sends it as somebody whom the route serves. */
  const ask = async (name: string, asked: Asked) => {
    const { outcomes } = ROUTES[name] ?? expect.fail(name);
    const served = PEOPLE.findLast((person) => outcomes[person].startsWith("2")) ?? "nobody";
    const token = served === "nobody" ? undefined : cast[served].token;
    return await call(cast.url + asked.path, { ...asked, token });
  };

  for (const { name } of operations().filter(({ body }) => body !== undefined)) {
    it(`is refused in a body, by its name, wherever it stands: ${name}`, async () => {
      const asked = (await ROUTES[name]?.prepare(cast)) ?? expect.fail(name);
      const { body = {} } = asked;
      for (const { path, keys, withMore } of objectsIn(body)) {
        const strangers = [...INTERNAL, ...propertiesOf(DOCUMENT)].filter((key) => !keys.has(key));
        for (let begin = 0; begin < strangers.length; begin += AT_ONCE) {
          const some = strangers.slice(begin, begin + AT_ONCE);
          const answer = await ask(name, { ...asked, body: withMore(some) });
          expect([answer.status, answer.body.code]).to.deep.equal([400, "INVALID_FIELD"]);
          const fields = answer.body.errors?.map(({ field }) => field) ?? [];
          expect(fields.sort()).to.deep.equal(some.map((key) => path + key).sort());
        }
      }
      // Nothing else was wrong with it.
      const answer = await ask(name, { ...asked, body });
      expect(answer.status, answer.text).to.be.oneOf([200, 201]);
    });
  }

  for (const { name } of operations().filter(({ method }) => method === "GET")) {
    it(`makes no difference in a query, or is refused there: ${name}`, async () => {
      const asked = (await ROUTES[name]?.prepare(cast)) ?? expect.fail(name);
      const plain = await ask(name, asked);
      const joint = asked.path.includes("?") ? "&" : "?";
      const odd = await ask(name, { ...asked, path: `${asked.path}${joint}${QUERY}` });
      const said = [odd.status, odd.body?.code];
      expect(said).to.be.deep.oneOf([
        [plain.status, plain.body?.code],
        [400, "INVALID_FIELD"],
      ]);
    });
  }

  it("is no id, no asset, no order, and a key like any other", async () => {
    for (const word of ["__proto__", "constructor", "toString", "prototype"]) {
      const status = async (path: string) =>
        (await call(cast.url + path, { token: cast.owner.token })).status;
      expect(await status(`/v1/events/${word}`)).to.equal(400);
      expect(await status(`/v1/reservations/${word}`)).to.equal(400);
      expect(await status(`/v1/events?sort=${word}`)).to.equal(400);
      expect(await status(`/docs/assets/${word}`)).to.equal(404);
      const first = await cast.owner.reserve(cast.event, [[0, 1]], word);
      const again = await cast.owner.reserve(cast.event, [[0, 1]], word);
      expect([first.status, again.text]).to.deep.equal([201, first.text]);
    }
  });

  it("has made nobody more than they were", async () => {
    const email = `${randomUUID()}@example.com`;
    const person = { email, password: "a password for tests", name: "A person" };
    const { body } = await call<object>(`${cast.url}/v1/users`, { body: person });
    expect(body).to.have.all.keys("id", "email", "name", "role", "createdAt");
    expect(body).to.include({ email, role: "customer" });
    const answer = await call(`${cast.url}/v1/events`, {
      body: eventBody([1]),
      token: cast.owner.token,
    });
    expect(answer.status).to.equal(403);
  });

  it("is not stored where a message has room for it", async () => {
    const port = system.processes["inventory-svc"][0]?.port("grpcPort") ?? 0;
    const inventory = clientOf(InventoryService, port);
    const [eventId, typeId] = [randomUUID(), randomUUID()];
    const before = Date.now();
    const price = { amountMinor: 500n, currencyCode: "EUR" };
    const { event } = await inventory.createEvent({
      requestId: randomUUID(),
      event: {
        id: eventId,
        organiserId: cast.organiser.userId,
        name: "An event",
        venue: "A hall",
        startTime: timestampFromMs(before + 864e5),
        salesOpenTime: timestampFromMs(before),
        salesCloseTime: timestampFromMs(before + 36e5),
        createTime: timestampFromMs(0),
        ticketTypes: [{ id: typeId, name: "Only", price, capacity: 1 }],
      },
    });
    const [type] = event?.ticketTypes ?? [];
    expect([event?.id, type?.id]).not.to.include.oneOf([eventId, typeId]);
    expect(event?.createTime && timestampMs(event.createTime)).to.be.greaterThan(before - 60_000);
    await inventory.updateTicketType({
      requestId: randomUUID(),
      organiserId: cast.organiser.userId,
      eventId: event?.id ?? "",
      ticketType: {
        id: type?.id ?? "",
        name: "Free",
        price: { ...price, amountMinor: 0n },
        capacity: 2,
      },
    });
    await inventory.updateEvent({
      requestId: randomUUID(),
      organiserId: cast.organiser.userId,
      event: {
        id: event?.id ?? "",
        organiserId: randomUUID(),
        createTime: timestampFromMs(0),
        name: "Not named",
        holdSeconds: 60,
        waitingRoom: { admitPerMinute: 1, maxActive: 1, passSeconds: 60 },
        ticketTypes: [],
      },
      updateMask: { paths: ["hold_seconds"] },
    });
    const changed = await inventory.getEvent({ eventId: event?.id ?? "" });
    const ticketTypes = [{ ...type, capacity: 2 }];
    expect(changed.event).to.deep.equal({ ...event, holdSeconds: 60, ticketTypes });
  });
});

interface Inner {
  /** Where it stands, as problems write it: empty, or with a dot at its end. */
  path: string;
  keys: Set<string>;
  /** The whole body, with more properties in this object. */
  withMore: (names: readonly string[]) => unknown;
}

/** Every object in a body, the body itself included. */
function objectsIn(value: unknown, path = "", whole = (inner: unknown) => inner): Inner[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      objectsIn(item, `${path.slice(0, -1)}[${index}].`, (inner) =>
        whole(value.with(index, inner)),
      ),
    );
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  const own = Object.entries(value);
  const withMore = (names: readonly string[]) =>
    // Not an object literal: its `__proto__` would be no property.
    whole(Object.fromEntries([...own, ...names.map((name) => [name, { role: "organiser" }])]));
  return [
    { path, keys: new Set(own.map(([key]) => key)), withMore },
    ...own.flatMap(([key, inner]) =>
      objectsIn(inner, `${path}${key}.`, (changed) => whole({ ...value, [key]: changed })),
    ),
  ];
}

/** The name of every property that any object of the document has. */
function propertiesOf(node: unknown): Set<string> {
  if (typeof node !== "object" || node === null) {
    return new Set();
  }
  const own = "properties" in node ? Object.keys(node.properties ?? {}) : [];
  return new Set([...own, ...Object.values(node).flatMap((inner) => [...propertiesOf(inner)])]);
}
