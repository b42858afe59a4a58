import { randomUUID } from "node:crypto";
import { ServiceError } from "@tessera/service-kit/service-error";
import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import type { Reservation } from "../src/domain/reservation.ts";
import { type Replica, reasonOf, useReservations, wishFor } from "./use-reservations.ts";

/** The hold is over the moment it is made. */
const LAPSED = { holdMs: 0 };

describe("ConfirmReservation", () => {
  const system = useReservations();
  const { ledger, newReplica } = system;
  let replica: Replica;
  before(() => {
    replica = newReplica();
  });

  it("makes held units sold, and a repeat gets the same body", async () => {
    const event = ledger.addEvent();
    const reservation = await replica.hold(event);
    const key = randomUUID();
    const first = await replica.confirm(reservation, "pay-7", key);
    expect(first).to.deep.include({ isReplay: false });
    expect(first.reservation).to.deep.include({
      state: "confirmed",
      paymentReference: "pay-7",
      isReacquired: false,
    });
    const again = await newReplica().confirm(reservation, "pay-7", key);
    expect(again).to.deep.equal({ ...first, isReplay: true });
    expect(await replica.get(reservation)).to.deep.equal(first.reservation);
    expect(ledger.stockOf(event.eventId)).to.deep.equal({ available: 99, held: 0, sold: 1 });
    expect((await system.rowOf(reservation.id))?.due_time).to.equal(null);
  });

  it("gives a repeat the first body after a later cancel, too", async () => {
    const reservation = await replica.hold(ledger.addEvent());
    const key = randomUUID();
    const first = await replica.confirm(reservation, "pay-1", key);
    await replica.cancel(reservation);
    const again = await replica.confirm(reservation, "pay-1", key);
    expect(again.reservation).to.deep.equal(first.reservation);
  });

  it("takes another key for the same payment, and refuses another payment", async () => {
    const reservation = await replica.hold(ledger.addEvent());
    await replica.confirm(reservation, "pay-1");
    const other = await replica.confirm(reservation, "pay-1");
    expect(other).to.deep.include({ isReplay: false });
    expect(other.reservation.state).to.equal("confirmed");
    expect(await rejectionOf(replica.confirm(reservation, "pay-2"))).to.deep.include({
      reason: "ILLEGAL_MOVE",
      message: "the reservation was confirmed with another payment",
      metadata: { reservationId: reservation.id, state: "CONFIRMED", refundRequired: "true" },
    });
  });

  it("refuses the same key for another payment or another reservation", async () => {
    const event = ledger.addEvent();
    const reservation = await replica.hold(event);
    const userId = reservation.userId;
    const second = await replica.hold(event, { userId });
    const key = randomUUID();
    await replica.confirm(reservation, "pay-1", key);
    const otherPayment = replica.confirm(reservation, "pay-2", key);
    expect(await reasonOf(otherPayment)).to.equal("IDEMPOTENCY_KEY_REUSED");
    const otherReservation = replica.confirm(second, "pay-1", key);
    expect(await reasonOf(otherReservation)).to.equal("IDEMPOTENCY_KEY_REUSED");
    expect((await replica.get(second)).state).to.equal("held");
  });

  it("says REQUEST_IN_PROGRESS while the first is running", async () => {
    const reservation = await replica.hold(ledger.addEvent());
    const reasons = await Promise.all([
      reasonOf(replica.confirm(reservation)),
      reasonOf(replica.confirm(reservation)),
    ]);
    expect(reasons).to.deep.equal(["none", "REQUEST_IN_PROGRESS"]);
  });

  it("confirms once when two replicas are told at the same time", async () => {
    const event = ledger.addEvent();
    const other = newReplica();
    for (let round = 0; round < 10; round += 1) {
      const reservation = await replica.hold(event);
      const key = randomUUID();
      const answers = await Promise.all([
        replica.confirm(reservation, "pay-1", key),
        other.confirm(reservation, "pay-1", key),
      ]);
      expect(answers[0]?.reservation).to.deep.equal(answers[1]?.reservation);
      expect(answers[0]?.reservation.state).to.equal("confirmed");
    }
    expect(ledger.stockOf(event.eventId)).to.deep.include({ held: 0, sold: 10 });
  });

  it("does not tell a stranger's reservation from none", async () => {
    const reservation = await replica.hold(ledger.addEvent());
    for (const stranger of [
      { ...reservation, userId: randomUUID() },
      { ...reservation, id: randomUUID() },
    ]) {
      expect(await reasonOf(replica.confirm(stranger))).to.equal("RESERVATION_NOT_FOUND");
      expect(await reasonOf(replica.get(stranger))).to.equal("RESERVATION_NOT_FOUND");
      expect(await reasonOf(replica.cancel(stranger))).to.equal("RESERVATION_NOT_FOUND");
      expect(await reasonOf(replica.extend(stranger))).to.equal("RESERVATION_NOT_FOUND");
    }
    expect((await replica.get(reservation)).state).to.equal("held");
  });

  it("refuses a cancelled reservation", async () => {
    const reservation = await replica.hold(ledger.addEvent());
    await replica.cancel(reservation);
    expect(await rejectionOf(replica.confirm(reservation))).to.deep.include({
      reason: "ILLEGAL_MOVE",
      metadata: { reservationId: reservation.id, state: "CANCELLED", refundRequired: "true" },
    });
  });

  it("leaves the refund of its own payment to whoever cancelled it", async () => {
    const reservation = await replica.hold(ledger.addEvent());
    await replica.confirm(reservation, "pay-1");
    await replica.cancel(reservation);
    const metadata = { reservationId: reservation.id, state: "CANCELLED" };
    const own = await rejectionOf(replica.confirm(reservation, "pay-1"));
    expect(own).to.deep.include({ reason: "ILLEGAL_MOVE", metadata });
    const another = await rejectionOf(replica.confirm(reservation, "pay-2"));
    expect(another).to.deep.include({ metadata: { ...metadata, refundRequired: "true" } });
  });

  it("takes the units of an expired hold again when some are left", async () => {
    const event = ledger.addEvent({ ...LAPSED, capacity: 1 });
    const reservation = await replica.hold(event);
    await replica.sweep();
    expect((await replica.get(reservation)).state).to.equal("expired");
    expect(ledger.stockOf(event.eventId).available).to.equal(1);
    const key = randomUUID();
    const first = await replica.confirm(reservation, "pay-1", key);
    expect(first.reservation).to.deep.include({ state: "confirmed", isReacquired: true });
    const again = await replica.confirm(reservation, "pay-1", key);
    expect(again).to.deep.equal({ ...first, isReplay: true });
    expect(ledger.stockOf(event.eventId).sold).to.equal(1);
  });

  it("says HOLD_EXPIRED, and that a refund is due, when none are left", async () => {
    const event = ledger.addEvent({ ...LAPSED, capacity: 1 });
    const reservation = await replica.hold(event);
    await replica.sweep();
    await replica.hold(event);
    for (let count = 0; count < 2; count += 1) {
      const failure = await replica.confirm(reservation).catch((reason: unknown) => reason);
      expect(failure).to.be.instanceOf(ServiceError).and.to.include({ reason: "HOLD_EXPIRED" });
      expect((failure as ServiceError).metadata.refundRequired).to.equal("true");
    }
    const { state, paymentReference } = await replica.get(reservation);
    expect({ state, paymentReference }).to.deep.equal({ state: "expired", paymentReference: "" });
    await replica.sweep();
  });

  it("has one outcome against expiry at the same instant, and the ledger agrees", async () => {
    const event = ledger.addEvent({ ...LAPSED, capacity: 1 });
    const sweeper = newReplica();
    const outcomes = { confirmed: 0, refunded: 0 };
    for (let round = 0; round < 40; round += 1) {
      const reservation = await replica.hold(event);
      // A rival takes the unit the moment it is back, in every other round.
      const rival =
        round % 2 === 0
          ? Promise.resolve("none")
          : reasonOf(sweeper.sweep().then(() => sweeper.create(wishFor(event))));
      const [confirmed] = await Promise.all([
        reasonOf(replica.confirm(reservation)),
        sweeper.sweep(),
        rival,
      ]);
      const { state } = await replica.get(reservation);
      const allocation = ledger.allocations.get(reservation.id)?.state;
      if (confirmed === "none") {
        expect([state, allocation]).to.deep.equal(["confirmed", "COMMITTED"]);
        outcomes.confirmed += 1;
      } else {
        expect([confirmed, state, allocation]).to.deep.equal([
          "HOLD_EXPIRED",
          "expired",
          "RELEASED",
        ]);
        outcomes.refunded += 1;
      }
      const { available, held: inHold, sold } = ledger.stockOf(event.eventId);
      expect(available + inHold + sold).to.equal(1);
      await clear(reservation, event.eventId);
    }
    expect(outcomes.confirmed + outcomes.refunded).to.equal(40);
  });

  /** Gives everything back, so that the next round starts afresh. */
  async function clear(reservation: Reservation, eventId: string): Promise<void> {
    if ((await replica.get(reservation)).state === "confirmed") {
      await replica.cancel(reservation);
    }
    await replica.sweep();
    expect(ledger.stockOf(eventId)).to.deep.equal({ available: 1, held: 0, sold: 0 });
  }

  it("is finished by a sweep when it was left in the middle, with the same answer", async () => {
    const event = ledger.addEvent();
    const reservation = await replica.hold(event);
    ledger.before = () => Promise.reject(new ServiceError("DEPENDENCY_UNAVAILABLE", "away"));
    const key = randomUUID();
    expect(await reasonOf(replica.confirm(reservation, "pay-1", key))).to.equal(
      "DEPENDENCY_UNAVAILABLE",
    );
    expect((await replica.get(reservation)).state).to.equal("confirming");
    ledger.before = () => Promise.resolve();
    // Nobody else may move it meanwhile, and no sweep looks at it before its time.
    expect(await reasonOf(replica.cancel(reservation))).to.equal("REQUEST_IN_PROGRESS");
    expect(await reasonOf(replica.confirm(reservation, "pay-2"))).to.equal("REQUEST_IN_PROGRESS");
    await replica.sweep();
    expect((await replica.get(reservation)).state).to.equal("confirming");
    await system.makeDue(reservation.id);
    await newReplica().sweep();
    const found = await replica.get(reservation);
    expect(found).to.deep.include({ state: "confirmed", paymentReference: "pay-1" });
    const again = await replica.confirm(reservation, "pay-1", key);
    expect(again).to.deep.equal({ reservation: found, isReplay: true });
    expect(ledger.stockOf(event.eventId).sold).to.equal(1);
  });

  it("is told with its age each time a sweep takes it up", async () => {
    const reservation = await replica.hold(ledger.addEvent());
    ledger.before = () => Promise.reject(new ServiceError("DEPENDENCY_UNAVAILABLE", "away"));
    await reasonOf(replica.confirm(reservation));
    await system.schema.pool.query(
      "UPDATE reservation SET update_time = update_time - INTERVAL 90 SECOND WHERE id = UNHEX(?)",
      [reservation.id.replaceAll("-", "")],
    );
    const sweeper = newReplica();
    for (const times of [1, 2]) {
      await system.makeDue(reservation.id);
      expect(await reasonOf(sweeper.sweep())).to.equal("DEPENDENCY_UNAVAILABLE");
      expect(sweeper.swept.confirmingAges).to.have.length(times);
    }
    for (const age of sweeper.swept.confirmingAges) {
      expect(age).to.be.within(90, 120);
    }
  });

  it("is finished by the buyer's own retry when it was left in the middle", async () => {
    const reservation = await replica.hold(ledger.addEvent());
    const key = randomUUID();
    ledger.before = () => Promise.reject(new ServiceError("DEPENDENCY_UNAVAILABLE", "away"));
    await reasonOf(replica.confirm(reservation, "pay-1", key));
    ledger.before = () => Promise.resolve();
    const { reservation: confirmed } = await replica.confirm(reservation, "pay-1", key);
    expect(confirmed).to.deep.include({ state: "confirmed", paymentReference: "pay-1" });
  });

  it("stops expiry while it runs", async () => {
    const event = ledger.addEvent({ ...LAPSED, capacity: 1 });
    const reservation = await replica.hold(event);
    const reached = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    ledger.before = async (method) => {
      if (method === "commit") {
        reached.resolve();
        await release.promise;
      }
    };
    const confirming = replica.confirm(reservation);
    await reached.promise;
    await newReplica().sweep();
    expect(ledger.stockOf(event.eventId).held).to.equal(1);
    release.resolve();
    const { reservation: confirmed } = await confirming;
    expect(confirmed).to.deep.include({ state: "confirmed", isReacquired: false });
  });
});
