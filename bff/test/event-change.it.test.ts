import { expect } from "chai";
import { useApp } from "./use-app.ts";

const ROOM = { admitPerMinute: 60, maxActive: 10, passSeconds: 300, onStoreLoss: "open" };
const EVENT = {
  name: "Last Night",
  venue: "Royal Albert Hall",
  startsAt: "2030-09-14T18:30:00Z",
  salesOpenAt: "2030-05-01T08:00:00Z",
  salesCloseAt: "2030-09-14T18:00:00Z",
  ticketTypes: [{ name: "Arena", price: { amount: 800, currency: "GBP" }, capacity: 1400 }],
};

describe("a change of an event", () => {
  const api = useApp({ eventsMaxAgeMs: 0, availabilityMaxAgeMs: 0 });
  let token: string;
  before(async () => {
    token = await api.token({ userId: crypto.randomUUID(), role: "organiser" });
  });

  async function create(more: object = { waitingRoom: ROOM }) {
    const { body: event } = await api.ask("POST", "/v1/events", {
      token,
      body: { ...EVENT, ...more },
    });
    const path = `/v1/events/${event.id}`;
    const change = (body: unknown, key: string = crypto.randomUUID()) =>
      api.ask("PATCH", path, { token, key, body });
    return { event, path, change };
  }

  it("is made, and shown to everybody", async () => {
    const { event, path, change } = await create();
    const wish = {
      ...{ name: "Last Night of all", venue: "Hall" },
      startsAt: "2031-09-14T18:30:00.000Z",
      salesOpenAt: "2031-05-01T08:00:00.000Z",
      salesCloseAt: "2031-09-14T18:00:00.000Z",
      ...{ holdSeconds: 60, maxPerUser: 2 },
    };
    const waitingRoom = { admitPerMinute: 0, maxActive: 1, passSeconds: 10, onStoreLoss: "closed" };
    const { status, body } = await change({ ...wish, waitingRoom });
    expect(status).to.equal(200);
    expect(body).to.deep.equal({ ...event, ...wish, waitingRoom });
    expect((await api.ask("GET", path)).body).to.deep.equal(body);
  });

  it("leaves what it does not name", async () => {
    const { event, change } = await create();
    await change({ salesOpenAt: "2030-05-02T08:00:00Z" });
    const { body } = await change({ waitingRoom: { maxActive: 20 } });
    expect(body).to.deep.equal({
      ...event,
      salesOpenAt: "2030-05-02T08:00:00.000Z",
      waitingRoom: { ...ROOM, maxActive: 20 },
    });
    const { message } = api.services.callsOf("updateEvent").at(-1) ?? {};
    expect(message)
      .to.have.nested.property("updateMask.paths")
      .deep.equal(["waiting_room.max_active"]);
  });

  it("is the event's organiser's alone", async () => {
    const { event, path } = await create();
    const organiserId = crypto.randomUUID();
    const stranger = await api.token({ userId: organiserId, role: "organiser" });
    const asked = { token: stranger, key: "a key", body: { name: "Mine" } };
    const { status, body } = await api.ask("PATCH", path, asked);
    expect([status, body.code]).to.deep.equal([404, "EVENT_NOT_FOUND"]);
    const { message } = api.services.callsOf("updateEvent").at(-1) ?? {};
    expect(message).to.deep.include({ requestId: "a key", organiserId });
    expect(message).to.deep.nested.include({ "event.id": event.id, "updateMask.paths": ["name"] });
    const customer = await api.ask("PATCH", path, { ...asked, token: await api.token() });
    expect([customer.status, customer.body.code]).to.deep.equal([403, "FORBIDDEN"]);
  });

  it("is made once by the same key, and needs one", async () => {
    const { path, change } = await create();
    const key = crypto.randomUUID();
    const first = await change({ holdSeconds: 7 }, key);
    const again = await change({ holdSeconds: 7 }, key);
    expect(first.headers.get("idempotent-replayed")).to.equal(null);
    expect(again.headers.get("idempotent-replayed")).to.equal("true");
    expect(again.body).to.deep.equal(first.body);
    const { status, body } = await api.ask("PATCH", path, { token, body: { holdSeconds: 7 } });
    expect([status, body.code]).to.deep.equal([400, "IDEMPOTENCY_KEY_REQUIRED"]);
  });

  for (const [field, wish] of [
    ["body", {}],
    ["name", { name: null }],
    ["name", { name: "" }],
    ["venue", { venue: "a\u0000b" }],
    ["startsAt", { startsAt: "tomorrow" }],
    ["salesOpenAt", { salesOpenAt: null }],
    ["salesCloseAt", { salesCloseAt: "2030-05-01T08:00:00Z" }],
    ["holdSeconds", { holdSeconds: 7_201 }],
    ["maxPerUser", { maxPerUser: 0 }],
    ["waitingRoom", { waitingRoom: null }],
    ["waitingRoom", { waitingRoom: {} }],
    ["waitingRoom", { name: "Other", waitingRoom: {} }],
    ["waitingRoom.admitPerMinute", { waitingRoom: { admitPerMinute: -1 } }],
    ["waitingRoom.maxActive", { waitingRoom: { maxActive: null } }],
    ["waitingRoom.passSeconds", { waitingRoom: { passSeconds: 9 } }],
    ["waitingRoom.onStoreLoss", { waitingRoom: { onStoreLoss: "shut" } }],
    ["waitingRoom.state", { waitingRoom: { state: "open" } }],
    ["ticketTypes", { name: "Other", ticketTypes: EVENT.ticketTypes }],
    ["organiserId", { organiserId: crypto.randomUUID() }],
  ] as const) {
    it(`refuses ${JSON.stringify(wish)}`, async () => {
      const { change } = await create();
      const { status, body } = await change(wish);
      expect([status, body.code]).to.deep.equal([400, "INVALID_FIELD"]);
      expect(body.errors.map((one: { field: string }) => one.field)).to.deep.equal([field]);
    });
  }

  it("gives no waiting room to an event that has none", async () => {
    const { change } = await create({});
    const { status, body } = await change({ waitingRoom: ROOM });
    expect([status, body.code]).to.deep.equal([400, "INVALID_FIELD"]);
    expect(body.errors).to.deep.equal([
      { field: "waitingRoom", detail: "cannot be given to an event that has none" },
    ]);
  });

  it("cannot pause a room that is not there yet", async () => {
    const body = { ...EVENT, waitingRoom: { ...ROOM, admitPerMinute: 0 } };
    const { body: problem } = await api.ask("POST", "/v1/events", { token, body });
    expect(problem.errors[0].field).to.equal("waitingRoom.admitPerMinute");
  });
});
