import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { useApp } from "./use-app.ts";

describe("reservations", () => {
  const api = useApp();
  const eventId = crypto.randomUUID();
  const ticketTypeId = crypto.randomUUID();
  let token: string;
  beforeEach(async () => {
    token = await api.token();
    api.services.reservations.stock.set(ticketTypeId, 1000);
  });
  const wish = (quantity = 2) => ({ eventId, items: [{ ticketTypeId, quantity }] });
  const post = (path: string, body?: unknown, key: string = crypto.randomUUID()) =>
    api.ask("POST", `/v1/reservations${path}`, { token, body, key });
  const reserve = async () => (await post("", wish())).body;

  it("holds units, and says until when", async () => {
    const { status, headers, body } = await post("", wish());
    expect(status).to.equal(201);
    expect(headers.get("location")).to.equal(`/v1/reservations/${body.id}`);
    expect(headers.get("cache-control")).to.equal("no-store");
    expect(body).to.deep.include({
      eventId,
      state: "HELD",
      items: [{ ticketTypeId, quantity: 2 }],
      total: { amount: 9000, currency: "EUR" },
    });
    expect(Date.parse(body.expiresAt) - Date.parse(body.serverTime)).to.equal(600_000);
  });

  it("answers a repeated key with the very same body, and another body with 422", async () => {
    const key = crypto.randomUUID();
    const first = await post("", wish(), key);
    const again = await post("", wish(), key);
    expect(first.headers.get("idempotent-replayed")).to.equal(null);
    expect(again.headers.get("idempotent-replayed")).to.equal("true");
    expect([again.status, again.body]).to.deep.equal([201, first.body]);
    const other = await post("", wish(3), key);
    expect([other.status, other.body.code]).to.deep.equal([422, "IDEMPOTENCY_KEY_REUSED"]);
  });

  for (const path of ["", "/id/confirm", "/id/cancel", "/id/extend"]) {
    it(`needs an Idempotency-Key to POST ${path || "/"}`, async () => {
      const at = `/v1/reservations${path.replace("id", crypto.randomUUID())}`;
      const body = path === "" ? wish() : path.endsWith("confirm") ? { paymentReference: "p" } : {};
      for (const headers of [{}, { "idempotency-key": "" }]) {
        const none = await api.ask("POST", at, { token, body, headers });
        expect([none.status, none.body.code]).to.deep.equal([400, "IDEMPOTENCY_KEY_REQUIRED"]);
      }
      for (const key of ["x".repeat(256), "clé"]) {
        const bad = await api.ask("POST", at, { token, body, key });
        expect([bad.status, bad.body.errors[0].field]).to.deep.equal([400, "Idempotency-Key"]);
      }
    });
  }

  const item = { ticketTypeId, quantity: 1 };
  for (const [field, body] of [
    ["eventId", { items: [item] }],
    ["eventId", { eventId: "x", items: [item] }],
    ["items", { eventId }],
    ["items", { eventId, items: [] }],
    ["items", { eventId, items: Array.from({ length: 21 }, () => item) }],
    ["items", { eventId, items: { 0: item } }],
    ["items[0]", { eventId, items: [null] }],
    ["items[1].quantity", { eventId, items: [item, { ticketTypeId, quantity: 0 }] }],
    ["items[0].quantity", { eventId, items: [{ ticketTypeId, quantity: 101 }] }],
    ["items[0].quantity", { eventId, items: [{ ticketTypeId, quantity: 1.5 }] }],
    ["items[0].quantity", { eventId, items: [{ ticketTypeId, quantity: "2" }] }],
    ["items[0].ticketTypeId", { eventId, items: [{ quantity: 1 }] }],
    ["items[0].price", { eventId, items: [{ ...item, price: 0 }] }],
    ["userId", { eventId, items: [item], userId: crypto.randomUUID() }],
  ] as const) {
    it(`names ${field} when it is wrong: ${JSON.stringify(body).slice(-50)}`, async () => {
      const answer = await post("", body);
      expect([answer.status, answer.body.code]).to.deep.equal([400, "INVALID_FIELD"]);
      expect(answer.body.errors[0].field).to.equal(field);
    });
  }

  it("says what is sold out, and what does not exist", async () => {
    api.services.reservations.stock.set(ticketTypeId, 1);
    const soldOut = await post("", wish());
    expect([soldOut.status, soldOut.body.code]).to.deep.equal([409, "SOLD_OUT"]);
    expect(soldOut.body).to.include({ ticketTypeId, retryable: false });
    expect(soldOut.headers.get("retry-after")).to.equal(null);
    const items = [{ ticketTypeId: crypto.randomUUID(), quantity: 1 }];
    const unknown = await post("", { eventId, items });
    expect([unknown.status, unknown.body.code]).to.deep.equal([404, "TICKET_TYPE_NOT_FOUND"]);
  });

  for (const [reason, status, metadata] of [
    ["EVENT_NOT_FOUND", 404, { eventId }],
    ["SALES_CLOSED", 403, {}],
    ["LIMIT_EXCEEDED", 409, { maxPerUser: "8" }],
    ["PASS_REQUIRED", 428, {}],
    ["REQUEST_IN_PROGRESS", 409, {}],
    ["OVERLOADED", 503, {}],
    ["DEPENDENCY_UNAVAILABLE", 503, {}],
  ] as const) {
    it(`answers ${status} for ${reason}`, async () => {
      api.services.before.set("batchCreateReservations", () => {
        throw new ServiceError(reason, "not now", { metadata });
      });
      const { headers, body, ...answer } = await post("", wish());
      api.services.before.clear();
      expect([answer.status, body.code, body.status]).to.deep.equal([status, reason, status]);
      expect(headers.has("retry-after")).to.equal(body.retryable);
      expect(body.maxPerUser).to.equal("maxPerUser" in metadata ? 8 : undefined);
    });
  }

  it("says when the sale is to whoever comes too early", async () => {
    const [salesOpenTime, salesCloseTime] = [
      "2030-01-01T12:00:00.000Z",
      "2030-01-02T12:00:00.000Z",
    ];
    api.services.before.set("batchCreateReservations", () => {
      const metadata = { eventId, salesOpenTime, salesCloseTime };
      throw new ServiceError("SALES_CLOSED", "not on sale now", { metadata });
    });
    const { body } = await post("", wish());
    api.services.before.clear();
    expect(body).to.include({ salesOpenAt: salesOpenTime, salesCloseAt: salesCloseTime });
    expect(body).not.to.have.any.keys("salesOpenTime", "salesCloseTime");
  });

  it("confirms what was paid, once", async () => {
    const { id } = await reserve();
    const key = crypto.randomUUID();
    const first = await post(`/${id}/confirm`, { paymentReference: "pi_1" }, key);
    expect(first.status).to.equal(200);
    expect(first.body).to.include({ state: "CONFIRMED", paymentReference: "pi_1", id });
    expect(first.body.reacquired).to.equal(false);
    expect(first.body).not.to.have.property("expiresAt");
    const again = await post(`/${id}/confirm`, { paymentReference: "pi_1" }, key);
    expect(again.body).to.deep.equal(first.body);
    expect(again.headers.get("idempotent-replayed")).to.equal("true");
    const other = await post(`/${id}/confirm`, { paymentReference: "pi_2" });
    expect([other.status, other.body.code]).to.deep.equal([409, "ILLEGAL_MOVE"]);
    expect(other.body.refundRequired).to.equal(true);
  });

  it("says that a payment must be refunded when the hold has lapsed", async () => {
    const { id } = await reserve();
    api.services.reservations.lapse(id);
    const { status, body } = await post(`/${id}/confirm`, { paymentReference: "pi_1" });
    expect([status, body.code, body.refundRequired]).to.deep.equal([410, "HOLD_EXPIRED", true]);
    expect(body.type).to.equal("/docs/problems#hold-expired");
  });

  it("says that a refusal is an earlier one's, with the same body", async () => {
    const [metadata, key] = [{ refundRequired: "true" }, crypto.randomUUID()];
    const refused = async (more: object) => {
      api.services.before.set("batchConfirmReservations", () => {
        throw new ServiceError("HOLD_EXPIRED", "gone", { metadata: { ...metadata, ...more } });
      });
      const body = { paymentReference: "pi_1" };
      const answer = await post(`/${crypto.randomUUID()}/confirm`, body, key);
      api.services.before.clear();
      return answer;
    };
    const [first, again] = [await refused({}), await refused({ replayed: "true" })];
    expect(first.headers.get("idempotent-replayed")).to.equal(null);
    expect(again.headers.get("idempotent-replayed")).to.equal("true");
    const { requestId } = again.body;
    expect([again.status, again.body]).to.deep.equal([410, { ...first.body, requestId }]);
  });

  for (const [field, body] of [
    ["paymentReference", {}],
    ["paymentReference", { paymentReference: "" }],
    ["paymentReference", { paymentReference: "naïve" }],
    ["amount", { paymentReference: "p", amount: 1 }],
  ] as const) {
    it(`refuses to confirm ${JSON.stringify(body)}`, async () => {
      const answer = await post(`/${crypto.randomUUID()}/confirm`, body);
      expect([answer.status, answer.body.errors[0].field]).to.deep.equal([400, field]);
    });
  }

  it("cancels, with or without an empty body, and with null for none", async () => {
    for (const body of [undefined, {}, "null"]) {
      const { id } = await reserve();
      const key = crypto.randomUUID();
      const first = await post(`/${id}/cancel`, body, key);
      expect([first.status, first.body.state]).to.deep.equal([200, "CANCELLED"]);
      const again = await post(`/${id}/cancel`, body, key);
      expect(again.body).to.deep.equal(first.body);
      expect(again.headers.get("idempotent-replayed")).to.equal("true");
      const illegal = await post(`/${id}/cancel`, body);
      expect([illegal.status, illegal.body.code]).to.deep.equal([409, "ILLEGAL_MOVE"]);
    }
    const { id } = await reserve();
    const { status, body } = await post(`/${id}/cancel`, { reason: "bored" });
    expect([status, body.errors[0].field]).to.deep.equal([400, "reason"]);
  });

  it("extends, three times at most", async () => {
    const { id } = await reserve();
    for (const extendCount of [1, 2, 3]) {
      const { status, body } = await post(`/${id}/extend`);
      expect([status, body.extendCount, body.state]).to.deep.equal([200, extendCount, "HELD"]);
      expect(body).to.have.property("serverTime");
    }
    const { status, body } = await post(`/${id}/extend`);
    expect([status, body.code]).to.deep.equal([409, "EXTEND_LIMIT"]);
  });

  it("shows the owner's only", async () => {
    const { id } = await reserve();
    const own = await api.ask("GET", `/v1/reservations/${id}`, { token });
    expect([own.status, own.body.state]).to.deep.equal([200, "HELD"]);
    const stranger = await api.token();
    for (const [method, path] of [
      ["GET", ""],
      ["POST", "/cancel"],
      ["POST", "/extend"],
      ["POST", "/confirm"],
    ] as const) {
      const answer = await api.ask(method, `/v1/reservations/${id}${path}`, {
        token: stranger,
        ...(method === "POST" ? { key: "k" } : {}),
        ...(path === "/confirm" ? { body: { paymentReference: "p" } } : {}),
      });
      expect([answer.status, answer.body.code]).to.deep.equal([404, "RESERVATION_NOT_FOUND"]);
    }
  });

  it("lists the owner's, newest first", async () => {
    const ids = [(await reserve()).id, (await reserve()).id, (await reserve()).id];
    const first = await api.ask("GET", "/v1/reservations?limit=2", { token });
    const { nextCursor } = first.body;
    const rest = await api.ask("GET", `/v1/reservations?cursor=${nextCursor}`, { token });
    const listed = [...first.body.items, ...rest.body.items].map(({ id }) => id);
    expect(listed).to.deep.equal(ids.reverse());
    // What is left of a hold is counted from there.
    expect(first.body.items[0]).to.have.property("serverTime");
    expect(rest.body.nextCursor).to.equal(null);
    const bad = await api.ask("GET", "/v1/reservations?limit=none", { token });
    expect(bad.status).to.equal(400);
  });

  it("tells the services who asks, and in which trace", async () => {
    const userId = crypto.randomUUID();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await api.ask("POST", `/v1/reservations/${crypto.randomUUID()}/cancel`, {
      token: await api.token({ userId, role: "organiser" }),
      key: crypto.randomUUID(),
      headers: { "x-request-id": "mine-1", traceparent },
    });
    const headers = api.services.callsOf("cancelReservation").at(-1)?.headers;
    expect(headers?.get("x-tessera-user-id")).to.equal(userId);
    expect(headers?.get("x-request-id")).to.equal("mine-1");
    // The client's trace goes on; that it records its part is no reason to record ours.
    expect(headers?.get("traceparent")).to.equal(traceparent.replace(/01$/, "00"));
  });

  it("does not believe a client about who it is", async () => {
    const userId = crypto.randomUUID();
    const token = await api.token({ userId });
    const asked = {
      token,
      key: crypto.randomUUID(),
      headers: { "x-tessera-user-id": crypto.randomUUID(), "x-tessera-role": "organiser" },
    };
    await api.ask("POST", `/v1/reservations/${crypto.randomUUID()}/cancel`, asked);
    const headers = api.services.callsOf("cancelReservation").at(-1)?.headers;
    expect(headers?.get("x-tessera-user-id")).to.equal(userId);
    expect(headers?.get("x-tessera-role")).to.equal(null);
    await api.ask("GET", "/v1/reservations", asked);
    const entries = api.services.callsOf("batchListReservations").at(-1)?.message;
    expect(entries).to.have.nested.property("entries[0].userId", userId);
  });
});
