import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect } from "chai";
import { useApp } from "./use-app.ts";

const EVENT = {
  name: "Last Night",
  venue: "Royal Albert Hall",
  startsAt: "2030-09-14T18:30:00Z",
  salesOpenAt: "2030-05-01T08:00:00Z",
  salesCloseAt: "2030-09-14T18:00:00Z",
  ticketTypes: [
    { name: "Arena", price: { amount: 800, currency: "GBP" }, capacity: 1400 },
    { name: "Box", price: { amount: 90_000, currency: "GBP" }, capacity: 0 },
  ],
};
const ROOM = { admitPerMinute: 600, maxActive: 200, passSeconds: 300 };

describe("events", () => {
  const api = useApp();
  let organiser: string;
  const userId = crypto.randomUUID();
  before(async () => {
    organiser = await api.token({ userId, role: "organiser" });
  });
  const create = (body: unknown, key?: string) =>
    api.ask("POST", "/v1/events", {
      token: organiser,
      body,
      ...(key === undefined ? {} : { key }),
    });

  it("creates an event, and shows it to everybody", async () => {
    const waitingRoom = ROOM;
    const created = await create({ ...EVENT, holdSeconds: 30, maxPerUser: 2, waitingRoom });
    expect(created.status).to.equal(201);
    expect(created.body).to.include({ organiserId: userId, holdSeconds: 30, maxPerUser: 2 });
    expect(created.body.waitingRoom).to.deep.equal({ ...waitingRoom, onStoreLoss: "closed" });
    const location = created.headers.get("location") ?? "";
    expect(location).to.equal(`/v1/events/${created.body.id}`);
    const shown = await api.ask("GET", location);
    expect(shown.body).to.deep.equal(created.body);
    expect(shown.body.startsAt).to.equal("2030-09-14T18:30:00.000Z");
  });

  it("fills in what may be left out, and keeps a waiting room open when asked to", async () => {
    const onStoreLoss = "open";
    const waitingRoom = { admitPerMinute: 1, maxActive: 1, passSeconds: 10, onStoreLoss };
    const { body } = await create({ ...EVENT, waitingRoom });
    expect(body).to.deep.include({ holdSeconds: 600, maxPerUser: 8, waitingRoom });
  });

  it("replays the answer to the same key", async () => {
    const key = crypto.randomUUID();
    const first = await create(EVENT, key);
    const again = await create(EVENT, key);
    expect(first.headers.get("idempotent-replayed")).to.equal(null);
    expect(again.headers.get("idempotent-replayed")).to.equal("true");
    expect(again.body).to.deep.equal(first.body);
  });

  it("lets organisers create only", async () => {
    const { status, body } = await api.ask("POST", "/v1/events", {
      token: await api.token(),
      body: EVENT,
    });
    expect([status, body.code]).to.deep.equal([403, "FORBIDDEN"]);
  });

  const [type] = EVENT.ticketTypes;
  for (const [field, change] of [
    ["name", { name: "" }],
    ["name", { name: "x".repeat(201) }],
    ["venue", { venue: 7 }],
    ["startsAt", { startsAt: "soon" }],
    ["startsAt", { startsAt: 0 }],
    ["salesOpenAt", { salesOpenAt: null }],
    ["holdSeconds", { holdSeconds: 7201 }],
    ["holdSeconds", { holdSeconds: null }],
    ["maxPerUser", { maxPerUser: null }],
    ["waitingRoom", { waitingRoom: null }],
    ["waitingRoom.onStoreLoss", { waitingRoom: { ...ROOM, onStoreLoss: null } }],
    ["maxPerUser", { maxPerUser: 0 }],
    ["organiserId", { organiserId: crypto.randomUUID() }],
    ["waitingRoom.passSeconds", { waitingRoom: { admitPerMinute: 1, maxActive: 1 } }],
    ["waitingRoom", { waitingRoom: "yes" }],
    ["ticketTypes", { ticketTypes: [] }],
    ["ticketTypes", { ticketTypes: Array.from({ length: 51 }, () => type) }],
    ["ticketTypes[0].id", { ticketTypes: [{ ...type, id: crypto.randomUUID() }] }],
    ["ticketTypes[0].capacity", { ticketTypes: [{ ...type, capacity: 10_000_001 }] }],
    ["ticketTypes[0].price", { ticketTypes: [{ name: "A", capacity: 1 }] }],
    ["ticketTypes[0].price.amount", { ticketTypes: [{ ...type, price: { currency: "EUR" } }] }],
    [
      "ticketTypes[0].price.currency",
      { ticketTypes: [{ ...type, price: { amount: 1, currency: "euro" } }] },
    ],
    // What only the service knows comes back under its REST name.
    ["salesCloseAt", { salesCloseAt: "2030-04-01T08:00:00Z" }],
  ] as const) {
    it(`refuses an event whose ${field} is wrong: ${JSON.stringify(change).slice(0, 50)}`, async () => {
      const { status, body } = await create({ ...EVENT, ...change });
      expect([status, body.code]).to.deep.equal([400, "INVALID_FIELD"]);
      expect(body.errors[0].field).to.equal(field);
    });
  }

  it("lists events page by page", async () => {
    const names = ["P1", "P2", "P3"].map((name) => `Paged ${name}`);
    for (const name of names) {
      await create({ ...EVENT, name });
    }
    const found: string[] = [];
    let cursor = "";
    do {
      const { body } = await api.ask("GET", `/v1/events?q=Paged&sort=name&limit=2${cursor}`);
      found.push(...body.items.map(({ name }: { name: string }) => name));
      cursor = body.nextCursor === null ? "" : `&cursor=${encodeURIComponent(body.nextCursor)}`;
    } while (cursor !== "");
    expect(found).to.deep.equal(names);
    await api.ask("GET", "/v1/events?limit=5000&sort=-createdAt");
    expect(api.services.callsOf("listEvents").at(-1)?.message).to.include({
      pageSize: 100,
      sort: 3,
    });
  });

  it("lists what starts from a time on", async () => {
    const q = "startsFrom=2031-01-01T00:00:00Z&limit=100";
    const { body: later } = await create({ ...EVENT, startsAt: "2031-01-01T00:00:00Z" });
    await create({ ...EVENT, startsAt: "2030-12-31T23:59:59.999Z" });
    const { body } = await api.ask("GET", `/v1/events?${q}`);
    expect(body.items.map(({ id }: { id: string }) => id)).to.deep.equal([later.id]);
    expect(api.services.callsOf("listEvents").at(-1)?.message).to.deep.include({
      sort: 1,
      startTimeFrom: timestampFromMs(Date.UTC(2031)),
    });
    const every = await api.ask("GET", "/v1/events?limit=100&sort=startsAt");
    expect(every.body.items.length).to.be.greaterThan(1);
  });

  for (const [query, field, code] of [
    ["startsFrom=today", "startsFrom", "INVALID_FIELD"],
    ["startsFrom=", "startsFrom", "INVALID_FIELD"],
    ["startsFrom=2030-01-31T20:00:00Z&sort=name", "startsFrom", "INVALID_FIELD"],
    ["startsFrom=2030-01-31T20:00:00Z&sort=-createdAt", "startsFrom", "INVALID_FIELD"],
    ["startsFrom=2030-01-31T20:00:00Z&q=Last", "startsFrom", "INVALID_FIELD"],
    ["limit=0", "limit", "INVALID_FIELD"],
    ["limit=-1", "limit", "INVALID_FIELD"],
    ["limit=ten", "limit", "INVALID_FIELD"],
    ["limit=1&limit=2", "limit", "INVALID_FIELD"],
    ["sort=price", "sort", "INVALID_FIELD"],
    ["sort=constructor", "sort", "INVALID_FIELD"],
    ["cursor=", "cursor", "INVALID_FIELD"],
    ["cursor=made-up", "cursor", "INVALID_PAGE_TOKEN"],
    [`q=${"x".repeat(101)}`, "q", "INVALID_FIELD"],
    ["page=2", "page", "INVALID_FIELD"],
    ["q=%", "q", "INVALID_FIELD"],
    ["q=a%zzb+c", "q", "INVALID_FIELD"],
    ["q=%FF", "q", "INVALID_FIELD"],
    ["q=%ED%A0%80", "q", "INVALID_FIELD"],
    ["%zz=1", "%zz\ufffd", "INVALID_FIELD"],
  ] as const) {
    it(`refuses a list with ${query.slice(0, 30)}`, async () => {
      const { status, body } = await api.ask("GET", `/v1/events?${query}`);
      expect([status, body.code, body.errors[0].field]).to.deep.equal([400, code, field]);
    });
  }

  it("reads escapes of UTF-8, and a plus as a space", async () => {
    const name = "Caf\u00e9 100% \u{1f525}";
    await create({ ...EVENT, name });
    for (const q of [encodeURIComponent(name), encodeURIComponent(name).replaceAll("%20", "+")]) {
      const { body } = await api.ask("GET", `/v1/events?q=${q}`);
      expect(body.items.map((item: { name: string }) => item.name)).to.deep.equal([name]);
    }
  });

  it("answers 304 to who has it already", async () => {
    const { body: event } = await create(EVENT);
    for (const path of [
      `/v1/events/${event.id}`,
      `/v1/events/${event.id}/availability`,
      "/v1/events?q=Last",
    ]) {
      const { headers, status } = await api.ask("GET", path);
      expect(status).to.equal(200);
      const etag = headers.get("etag") ?? "";
      for (const ifNoneMatch of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
        const again = await api.ask("GET", path, { headers: { "if-none-match": ifNoneMatch } });
        expect([again.status, again.body, again.headers.get("etag")]).to.deep.equal([
          304,
          "",
          etag,
        ]);
      }
      const other = await api.ask("GET", path, { headers: { "if-none-match": '"x"' } });
      expect(other.status).to.equal(200);
      const head = await api.ask("HEAD", path);
      expect([head.status, head.body, head.headers.get("etag")]).to.deep.equal([200, "", etag]);
    }
  });

  it("shows what is left", async () => {
    const { body: event } = await create(EVENT);
    const { body } = await api.ask("GET", `/v1/events/${event.id}/availability`);
    expect(body.ticketTypes[0]).to.deep.equal({
      id: event.ticketTypes[0].id,
      capacity: 1400,
      available: 1400,
      held: 0,
      sold: 0,
    });
  });

  it("does not find what does not exist", async () => {
    for (const path of ["", "/availability"]) {
      const id = crypto.randomUUID();
      const { status, body } = await api.ask("GET", `/v1/events/${id}${path}`);
      expect([status, body.code, body.eventId]).to.deep.equal([404, "EVENT_NOT_FOUND", id]);
      const bad = await api.ask("GET", `/v1/events/7${path}`);
      expect([bad.status, bad.body.errors[0].field]).to.deep.equal([400, "id"]);
    }
  });
});
