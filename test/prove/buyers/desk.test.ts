import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import type { Wish } from "../history.ts";
import { ClosingTime } from "./desk.ts";
import { answer, hangUp, silence, useFrontDesk } from "./use-front-desk.ts";

const cancel: Wish = { kind: "cancel", eventId: "e", reservationId: "r" };
const RESERVATION = {
  ...{ id: "r", eventId: "e", state: "CANCELLED" },
  ...{ items: [{ ticketTypeId: "t", quantity: 1 }], total: { amount: 5, currency: "EUR" } },
};

describe("Desk", () => {
  const front = useFrontDesk();

  it("notes what was asked and what was told", async () => {
    front.answers = [answer(200, RESERVATION, { "idempotent-replayed": "true" })];
    const operation = await front.desk.ask(front.person, cancel, "k");
    expect(front.history.operations).to.deep.equal([operation]);
    expect(operation).to.deep.include({
      userId: "somebody",
      key: "k",
      wish: cancel,
      outcome: "ok",
    });
    expect(operation.told).to.deep.include({ status: 200, isReplay: true });
    expect(operation.endMs).to.be.at.least(operation.startMs);
    expect(front.asked[0]?.headers).to.include({
      "idempotency-key": "k",
      authorization: "Bearer access-1",
    });
  });

  for (const [why, answers] of [
    ["ECONNRESET", [hangUp]],
    ["MALFORMED", [answer(200, { id: "r" })]],
  ] as const) {
    it(`leaves unknown what was lost: ${why}`, async () => {
      front.answers = [...answers];
      const { outcome, lost, told } = await front.desk.ask(front.person, cancel, "k");
      expect({ outcome, lost, told }).to.deep.equal({
        outcome: "unknown",
        lost: why,
        told: undefined,
      });
    });
  }

  it("asks again under the same key until it is known what came of it", async () => {
    front.answers = [hangUp, answer(503, { code: "OVERLOADED" }), answer(200, RESERVATION)];
    const { outcome } = await front.desk.insist(front.person, cancel, "k");
    expect(outcome).to.equal("ok");
    expect(front.history.operations.map((one) => [one.key, one.outcome])).to.deep.equal([
      ["k", "unknown"],
      ["k", "unknown"],
      ["k", "ok"],
    ]);
  });

  it("asks no further when it was refused", async () => {
    front.answers = [answer(409, { code: "ILLEGAL_MOVE" })];
    const { outcome, told } = await front.desk.insist(front.person, cancel, "k");
    expect([outcome, told?.code]).to.deep.equal(["refused", "ILLEGAL_MOVE"]);
    expect(front.asked).to.have.length(1);
  });

  it("comes back later when it is told to, and as often as that", async () => {
    const later = answer(429, { code: "RATE_LIMITED" }, { "retry-after": "0" });
    front.answers = [later, later, answer(200, RESERVATION)];
    await front.desk.insist(front.person, cancel, "k");
    expect(front.history.operations.map(({ outcome }) => outcome)).to.deep.equal([
      ...["refused", "refused", "ok"],
    ]);
  });

  it("hears nobody after closing time, however long they meant to wait", async () => {
    front.desk.closeIn(20);
    front.answers = [answer(503, { code: "OVERLOADED" })];
    const reason = await front.desk.insist(front.person, cancel, "k").catch((one: unknown) => one);
    expect(reason).to.be.an.instanceOf(ClosingTime);
    expect(front.desk.counts).to.deep.include({ ok: 0, refused: 0, inFlight: 0 });
  });

  it("lets nobody dawdle after the last call", async () => {
    const dawdling = [front.desk.dawdle(60_000), front.desk.dawdle(60_000)];
    front.desk.closeIn(60_000);
    await Promise.all([...dawdling, front.desk.dawdle(60_000)]);
    expect(front.desk.remainingMs).to.be.greaterThan(0);
  });

  it("is idle when nothing is under way", async () => {
    front.answers = [answer(200, RESERVATION)];
    const asking = front.desk.ask(front.person, cancel, "k");
    await until("it is asked", () => front.history.operations.length === 1);
    await front.desk.idle();
    expect(front.history.operations[0]?.endMs).to.be.a("number");
    await asking;
  });

  it("counts what people hold until it is given up", async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    front.answers = [
      answer(200, { ...RESERVATION, state: "HELD", expiresAt }),
      answer(200, RESERVATION),
    ];
    await front.desk.ask(front.person, { ...cancel, kind: "extend" }, "k1");
    expect(front.desk.counts.unitsHeld).to.equal(1);
    await front.desk.ask(front.person, cancel, "k2");
    expect(front.desk.counts.unitsHeld).to.equal(0);
  });
});

describe("Desk, when nobody answers", () => {
  const front = useFrontDesk({ timeoutMs: 50 });

  it("waits no longer than it may", async () => {
    front.session = silence;
    front.answers = [silence];
    const { outcome, lost } = await front.desk.ask(front.person, cancel, "k");
    expect({ outcome, lost }).to.deep.equal({ outcome: "unknown", lost: "TIMEOUT" });
  });
});
