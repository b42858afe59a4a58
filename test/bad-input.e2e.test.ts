import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { type Buyer, createEvent, eventBody, newBuyer, type SaleEvent, signIn } from "./market.ts";
import { type Call, call } from "./rest.ts";
import { expectExact } from "./settled.ts";
import { useSharedSystem } from "./shared-system.ts";

/** A request that must be refused. */
interface BadRequest {
  what: string;
  /** Below the BFF's address; that of a new reservation if not given. */
  path?: string;
  request: Call;
  status: number;
  code: string;
  /** The field that the problem must name. */
  field?: string;
}

describe("bad input", () => {
  const system = useSharedSystem();
  const url = () => system.bffUrl();
  let buyer: Buyer;
  let event: SaleEvent;
  let organiserToken: string;
  let pids: (number | undefined)[];
  const pidsNow = () => Object.values(system.processes).flatMap((all) => all.map(({ pid }) => pid));

  before(async () => {
    buyer = await newBuyer(url());
    event = await createEvent(url(), [100]);
    organiserToken = await signIn(url());
    pids = pidsNow();
  });

  /** Sends each, signed in and with a key of its own, and compares the problem. */
  async function expectRefusals(all: readonly BadRequest[]): Promise<void> {
    for (const { what, path = "/v1/reservations", request, status, code, field } of all) {
      const key = "key" in request ? request.key : randomUUID();
      const answer = await call(url() + path, { token: buyer.token, ...request, key });
      expect([what, answer.status, answer.body?.code]).to.deep.equal([what, status, code]);
      expect(answer.headers.get("content-type"), what).to.match(/^application\/problem\+json/);
      expect(answer.body, what).to.include({ status, retryable: false });
      expect(answer.body.requestId, what).to.equal(answer.headers.get("x-request-id"));
      expect(answer.text, what).not.to.match(/node_modules|\.ts:\d/);
      // REST's own names, and none of the services' behind it: those are in snake_case.
      expect(answer.body.detail, what).not.to.match(/\b[a-z]+(_[a-z]+)+\b|page token|request id/);
      if (field !== undefined) {
        expect(
          answer.body.errors?.map((error) => error.field),
          what,
        ).to.include(field);
      }
    }
  }

  it("is refused by the field that is wrong in a reservation", async () => {
    const item = { ticketTypeId: event.types[0], quantity: 1 };
    const wrong = (what: string, body: unknown, field: string): BadRequest => ({
      what,
      request: { body },
      status: 400,
      code: "INVALID_FIELD",
      field,
    });
    const withItems = (items: unknown) => ({ eventId: event.id, items });
    const withQuantity = (quantity: unknown) => withItems([{ ...item, quantity }]);
    const quantity = "items[0].quantity";
    await expectRefusals([
      ...[0, -1, 1.5, 101, "1", 1e9, 1e300, null, true, [1]].map((bad) =>
        wrong(`quantity ${JSON.stringify(bad)}`, withQuantity(bad), quantity),
      ),
      wrong(
        "two lines of one type, together too many",
        withItems([
          { ...item, quantity: 60 },
          { ...item, quantity: 60 },
        ]),
        quantity,
      ),
      wrong("no items", withItems([]), "items"),
      wrong("21 items", withItems(Array.from({ length: 21 }, () => item)), "items"),
      wrong("items that are none", withItems("all"), "items"),
      wrong("an item that is none", withItems([7]), "items[0]"),
      wrong("an event that is no id", { ...withItems([item]), eventId: "1 OR 1=1" }, "eventId"),
      wrong("an event that is an object", { ...withItems([item]), eventId: {} }, "eventId"),
      wrong("no event", { items: [item] }, "eventId"),
      wrong(
        "a ticket type that is no id",
        withItems([{ ...item, ticketTypeId: "x" }]),
        "items[0].ticketTypeId",
      ),
      wrong("an unknown property", { ...withItems([item]), vip: true }, "vip"),
      wrong("an unknown property of an item", withItems([{ ...item, price: 0 }]), "items[0].price"),
      wrong(
        "a poisoned prototype",
        `{"eventId":"${event.id}","items":[],"__proto__":{"a":1}}`,
        "items",
      ),
    ]);
  });

  it("is refused for its form, before anybody looks at its content", async () => {
    const body = { eventId: event.id, items: [{ ticketTypeId: event.types[0], quantity: 1 }] };
    const big = JSON.stringify({ ...body, note: "x".repeat(70_000) });
    const as = (type: string) => ({ headers: { "content-type": type } });
    const malformed = { status: 400, code: "MALFORMED_BODY" } as const;
    await expectRefusals([
      { what: "no JSON", request: { body: '{"eventId":' }, ...malformed },
      { what: "a list", request: { body: [body] }, ...malformed },
      { what: "null", request: { body: "null" }, ...malformed },
      { what: "nothing", request: { method: "POST" }, ...malformed },
      { what: "too large", request: { body: big }, status: 413, code: "BODY_TOO_LARGE" },
      {
        what: "a form",
        request: { body: "a=b", ...as("application/x-www-form-urlencoded") },
        status: 415,
        code: "UNSUPPORTED_MEDIA_TYPE",
      },
      {
        what: "compressed",
        request: { body, headers: { "content-encoding": "gzip" } },
        status: 415,
        code: "UNSUPPORTED_MEDIA_TYPE",
      },
      {
        what: "no key",
        request: { body, key: undefined },
        status: 400,
        code: "IDEMPOTENCY_KEY_REQUIRED",
      },
      {
        what: "too long a key",
        request: { body, key: "k".repeat(256) },
        status: 400,
        code: "INVALID_FIELD",
        field: "Idempotency-Key",
      },
      { what: "nobody", request: { body, token: undefined }, status: 401, code: "UNAUTHENTICATED" },
      {
        what: "a bad token",
        request: { body, token: "a.b.c" },
        status: 401,
        code: "UNAUTHENTICATED",
      },
      {
        what: "a changed token",
        request: { body, token: `${buyer.token.slice(0, -4)}AAAA` },
        status: 401,
        code: "UNAUTHENTICATED",
      },
    ]);
  });

  it("is refused where there is nothing, or nothing like it", async () => {
    const notFound = { status: 404, code: "ROUTE_NOT_FOUND" } as const;
    const invalid = { status: 400, code: "INVALID_FIELD" } as const;
    await expectRefusals([
      { what: "no route", path: "/v1/nothing", request: {}, ...notFound },
      { what: "no version", path: "/v2/events", request: {}, ...notFound },
      {
        what: "up and away",
        path: "/docs/assets/..%2f..%2fpackage.json",
        request: {},
        ...notFound,
      },
      {
        what: "a bad escape",
        path: "/v1/events/%zz",
        request: {},
        status: 400,
        code: "MALFORMED_REQUEST",
      },
      {
        what: "another method",
        request: { method: "PUT", body: {} },
        status: 405,
        code: "METHOD_NOT_ALLOWED",
      },
      { what: "an event's bad id", path: "/v1/events/1", request: {}, ...invalid, field: "id" },
      {
        what: "no such event",
        path: `/v1/events/${randomUUID()}`,
        request: {},
        status: 404,
        code: "EVENT_NOT_FOUND",
      },
      { what: "no page", path: "/v1/events?limit=x", request: {}, ...invalid, field: "limit" },
      {
        what: "a negative page",
        path: "/v1/events?limit=-1",
        request: {},
        ...invalid,
        field: "limit",
      },
      {
        what: "a bad order",
        path: "/v1/events?sort=price",
        request: {},
        ...invalid,
        field: "sort",
      },
      {
        what: "an order that does not go with a name's beginning",
        path: "/v1/events?sort=startsAt&q=a",
        request: {},
        ...invalid,
        field: "sort",
      },
      {
        what: "an unknown parameter",
        path: "/v1/events?page=2",
        request: {},
        ...invalid,
        field: "page",
      },
      {
        what: "a bad cursor",
        path: "/v1/events?cursor=abc",
        request: {},
        status: 400,
        code: "INVALID_PAGE_TOKEN",
      },
      {
        what: "another's cursor",
        path: "/v1/reservations?cursor=WzFd",
        request: {},
        status: 400,
        code: "INVALID_PAGE_TOKEN",
      },
    ]);
  });

  it("is refused by the field that is wrong in an event", async () => {
    const wrong = (what: string, more: object, field: string): BadRequest => ({
      what,
      path: "/v1/events",
      request: { body: eventBody([1], more), token: organiserToken },
      status: 400,
      code: "INVALID_FIELD",
      field,
    });
    const type = { name: "A", price: { amount: 1, currency: "EUR" }, capacity: 1 };
    await expectRefusals([
      wrong("no name", { name: "" }, "name"),
      wrong("no day", { startsAt: "2030-02-30T00:00:00Z" }, "startsAt"),
      wrong(
        "a sale that ends before it begins",
        { salesCloseAt: "2020-01-01T00:00:00Z" },
        "salesCloseAt",
      ),
      wrong("no hold", { holdSeconds: 0 }, "holdSeconds"),
      wrong("too long a hold", { holdSeconds: 7_201 }, "holdSeconds"),
      wrong("no limit", { maxPerUser: 1_001 }, "maxPerUser"),
      wrong("no types", { ticketTypes: [] }, "ticketTypes"),
      wrong(
        "a negative price",
        { ticketTypes: [{ ...type, price: { amount: -1, currency: "EUR" } }] },
        "ticketTypes[0].price.amount",
      ),
      wrong(
        "no currency",
        { ticketTypes: [{ ...type, price: { amount: 1, currency: "euro" } }] },
        "ticketTypes[0].price.currency",
      ),
      wrong(
        "a negative capacity",
        { ticketTypes: [{ ...type, capacity: -1 }] },
        "ticketTypes[0].capacity",
      ),
      wrong("two types of one name", { ticketTypes: [type, type] }, "ticketTypes[1].name"),
    ]);
  });

  it("is refused before and after the sale", async () => {
    const hour = 36e5;
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const early = { salesOpenAt: at(hour), salesCloseAt: at(2 * hour), startsAt: at(3 * hour) };
    const late = { salesOpenAt: at(-2 * hour), salesCloseAt: at(-hour) };
    for (const window of [early, late]) {
      const answer = await buyer.reserve(await createEvent(url(), [5], window));
      expect([answer.status, answer.body.code]).to.deep.equal([403, "SALES_CLOSED"]);
    }
  });

  it("is cut off when its headers are endless", async () => {
    const answer = await call(`${url()}/v1/events`, { headers: { "x-long": "x".repeat(20_000) } });
    expect(answer.status).to.equal(431);
  });

  it("left no process dead, and no reservation half made", async () => {
    expect(pidsNow()).to.deep.equal(pids);
    const list = await call<{ items: unknown[] }>(`${url()}/v1/reservations`, {
      token: buyer.token,
    });
    expect(list.body.items).to.deep.equal([]);
    await expectExact(system, event);
    expect((await buyer.reserve(event)).status).to.equal(201);
  });
});
