import type { BatchCreateReservationsRequest } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { useApp } from "./use-app.ts";

describe("the Admission-Pass header", () => {
  const api = useApp();
  const eventId = crypto.randomUUID();
  const ticketTypeId = crypto.randomUUID();
  const userId = crypto.randomUUID();
  let token: string;
  beforeEach(async () => {
    token = await api.token({ userId });
    api.services.reservations.stock.set(ticketTypeId, 100);
    api.services.calls.splice(0);
  });
  const reserve = async (pass?: string) => {
    const { status, body } = await api.ask("POST", "/v1/reservations", {
      token,
      key: crypto.randomUUID(),
      body: { eventId, items: [{ ticketTypeId, quantity: 1 }] },
      headers: pass === undefined ? {} : { "admission-pass": pass },
    });
    return [status, body.code];
  };
  const sent = () =>
    api.services
      .callsOf("batchCreateReservations")
      .flatMap(({ message }) => (message as BatchCreateReservationsRequest).entries)
      .map(({ admissionPass }) => admissionPass);

  it("is passed on when it is good, and absent when there is none", async () => {
    const pass = await api.pass({ eventId, userId });
    expect(await reserve(pass)).to.deep.equal([201, undefined]);
    expect(await reserve()).to.deep.equal([201, undefined]);
    expect(await reserve("")).to.deep.equal([201, undefined]);
    expect(sent()).to.deep.equal([pass, "", ""]);
  });

  const stranger = crypto.randomUUID();
  it("is passed on when it is late: a repeat must get the answer of the first try", async () => {
    const pass = await api.pass({ eventId, userId }, { expiresIn: -1 });
    expect(await reserve(pass)).to.deep.equal([201, undefined]);
    expect(sent()).to.deep.equal([pass]);
  });

  const late = { expiresIn: -1 };
  for (const [what, passOf] of [
    ["forged", () => api.pass({ eventId, userId }, { secret: "x".repeat(32) })],
    ["forged and late", () => api.pass({ eventId, userId }, { ...late, secret: "x".repeat(32) })],
    ["another's", () => api.pass({ eventId, userId: stranger })],
    ["another's and late", () => api.pass({ eventId, userId: stranger }, late)],
    ["for another event", () => api.pass({ eventId: stranger, userId })],
    ["no pass at all", async () => "let me in"],
    ["too long", async () => "x".repeat(2_000)],
    ["an access token", () => api.token({ userId })],
  ] as const) {
    it(`is refused without a call when it is ${what}`, async () => {
      expect(await reserve(await passOf())).to.deep.equal([403, "PASS_INVALID"]);
      expect(sent()).to.deep.equal([]);
    });
  }

  it("is read after the body: what is wrong there is said first", async () => {
    const { status, body } = await api.ask("POST", "/v1/reservations", {
      token,
      key: "k",
      body: { eventId },
      headers: { "admission-pass": "x" },
    });
    expect([status, body.errors[0].field]).to.deep.equal([400, "items"]);
  });

  for (const [reason, status] of [
    ["PASS_REQUIRED", 428],
    ["PASS_USED", 409],
    ["PASS_INVALID", 403],
    ["PASS_EXPIRED", 410],
    ["WAITING_ROOM_UNAVAILABLE", 503],
  ] as const) {
    it(`may still be refused by reservation-svc: ${reason}`, async () => {
      api.services.before.set("batchCreateReservations", () => {
        throw new ServiceError(reason, "no");
      });
      const answer = await reserve(await api.pass({ eventId, userId }));
      api.services.before.clear();
      expect(answer).to.deep.equal([status, reason]);
    });
  }
});
