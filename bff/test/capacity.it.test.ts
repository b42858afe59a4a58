import { Code, ConnectError } from "@connectrpc/connect";
import { expect } from "chai";
import { useApp } from "./use-app.ts";

const EVENT = {
  name: "Last Night",
  venue: "Royal Albert Hall",
  startsAt: "2030-09-14T18:30:00Z",
  salesOpenAt: "2030-05-01T08:00:00Z",
  salesCloseAt: "2030-09-14T18:00:00Z",
  ticketTypes: [{ name: "Arena", price: { amount: 800, currency: "GBP" }, capacity: 1400 }],
};

describe("a ticket type's capacity", () => {
  const api = useApp({ eventsMaxAgeMs: 0, availabilityMaxAgeMs: 0 });
  let token: string;
  before(async () => {
    token = await api.token({ userId: crypto.randomUUID(), role: "organiser" });
  });

  async function create() {
    const { body } = await api.ask("POST", "/v1/events", { token, body: EVENT });
    const [type] = body.ticketTypes;
    const path = `/v1/events/${body.id}/ticket-types/${type.id}`;
    const change = (body: unknown, key: string = crypto.randomUUID()) =>
      api.ask("PATCH", path, { token, key, body });
    return { eventId: body.id, type, path, change };
  }

  it("is changed, and shown to everybody", async () => {
    const { eventId, type, change } = await create();
    api.services.inventory.available.set(type.id, 1300);
    const { status, body } = await change({ capacity: 1500 });
    expect(status).to.equal(200);
    expect(body).to.deep.equal({ ...type, capacity: 1500, available: 1400, held: 100, sold: 0 });
    const event = await api.ask("GET", `/v1/events/${eventId}`);
    expect(event.body.ticketTypes).to.deep.equal([{ ...type, capacity: 1500 }]);
    const left = await api.ask("GET", `/v1/events/${eventId}/availability`);
    expect(left.body.ticketTypes[0]).to.include({ capacity: 1500, available: 1400 });
  });

  it("is the event's organiser's alone", async () => {
    const { eventId, type, path } = await create();
    const organiserId = crypto.randomUUID();
    const stranger = await api.token({ userId: organiserId, role: "organiser" });
    const asked = { token: stranger, key: "a key", body: { capacity: 1 } };
    const { status, body } = await api.ask("PATCH", path, asked);
    expect([status, body.code]).to.deep.equal([404, "EVENT_NOT_FOUND"]);
    const { message } = api.services.callsOf("updateTicketType").at(-1) ?? {};
    expect(message).to.deep.include({ requestId: "a key", organiserId, eventId });
    expect(message).to.deep.nested.include({
      "ticketType.id": type.id,
      "ticketType.capacity": 1,
      "updateMask.paths": ["capacity"],
    });
  });

  it("is not lowered below what is taken", async () => {
    const { type, change } = await create();
    api.services.inventory.available.set(type.id, 1300);
    const { status, body } = await change({ capacity: 99 });
    expect([status, body.code, body.taken]).to.deep.equal([409, "CAPACITY_BELOW_TAKEN", 100]);
    expect(body.ticketTypeId).to.equal(type.id);
  });

  it("is changed once by the same key", async () => {
    const { change } = await create();
    const key = crypto.randomUUID();
    const first = await change({ capacity: 7 }, key);
    const again = await change({ capacity: 7 }, key);
    expect(first.headers.get("idempotent-replayed")).to.equal(null);
    expect(again.headers.get("idempotent-replayed")).to.equal("true");
    expect(again.body).to.deep.equal(first.body);
  });

  it("needs a key", async () => {
    const { path } = await create();
    const { status, body } = await api.ask("PATCH", path, { token, body: { capacity: 1 } });
    expect([status, body.code]).to.deep.equal([400, "IDEMPOTENCY_KEY_REQUIRED"]);
  });

  it("is changed by organisers only", async () => {
    const { path } = await create();
    const asked = { token: await api.token(), key: "k", body: { capacity: 1 } };
    const { status, body } = await api.ask("PATCH", path, asked);
    expect([status, body.code]).to.deep.equal([403, "FORBIDDEN"]);
  });

  for (const [field, wish] of [
    ["capacity", {}],
    ["capacity", { capacity: 0 }],
    ["capacity", { capacity: 10_000_001 }],
    ["capacity", { capacity: "7" }],
    ["capacity", { capacity: 1.5 }],
    ["price", { capacity: 7, price: { amount: 1, currency: "GBP" } }],
  ] as const) {
    it(`refuses ${JSON.stringify(wish)}`, async () => {
      const { change } = await create();
      const { status, body } = await change(wish);
      expect([status, body.code]).to.deep.equal([400, "INVALID_FIELD"]);
      expect(body.errors[0].field).to.equal(field);
    });
  }

  it("is of a ticket type that there is", async () => {
    const { eventId, path } = await create();
    const at = (address: string) =>
      api.ask("PATCH", address, { token, key: "k", body: { capacity: 1 } });
    const types = `/v1/events/${eventId}/ticket-types`;
    const unknown = await at(`${types}/${crypto.randomUUID()}`);
    expect([unknown.status, unknown.body.code]).to.deep.equal([404, "TICKET_TYPE_NOT_FOUND"]);
    const bad = await at(`${types}/7`);
    expect([bad.status, bad.body.errors[0].field]).to.deep.equal([400, "ticketTypeId"]);
    const get = await api.ask("GET", path);
    expect([get.status, get.headers.get("allow")]).to.deep.equal([405, "PATCH, OPTIONS"]);
  });
});

describe("a ticket type's capacity, before every inventory-svc can change it", () => {
  const api = useApp();

  it("is to be changed in a moment, when a newer one is asked", async () => {
    const token = await api.token({ userId: crypto.randomUUID(), role: "organiser" });
    const { body: event } = await api.ask("POST", "/v1/events", { token, body: EVENT });
    const path = `/v1/events/${event.id}/ticket-types/${event.ticketTypes[0].id}`;
    const asked = { token, key: crypto.randomUUID(), body: { capacity: 1 } };
    api.services.before.set("updateTicketType", () => {
      throw new ConnectError("unknown method", Code.Unimplemented);
    });
    const { status, headers, body } = await api.ask("PATCH", path, asked);
    expect([status, body.code, body.retryable, headers.get("retry-after")]).to.deep.equal([
      ...[503, "DEPENDENCY_UNAVAILABLE", true, "1"],
    ]);
    api.services.before.delete("updateTicketType");
    expect((await api.ask("PATCH", path, asked)).status).to.equal(200);
  });
});
