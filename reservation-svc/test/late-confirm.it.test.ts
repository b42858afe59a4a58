import { randomUUID } from "node:crypto";
import { ServiceError } from "@tessera/service-kit/service-error";
import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import type { RowDataPacket } from "mysql2/promise";
import type { Reservation } from "../src/domain/reservation.ts";
import { MysqlReservationStore } from "../src/mysql/mysql-reservation-store.ts";
import { Turnstile } from "./turnstile.ts";
import { type Replica, reasonOf, useReservations, wishFor } from "./use-reservations.ts";

/** The hold is over the moment it is made. */
const LAPSED = { holdMs: 0 };

describe("a confirmation that comes too late", () => {
  const system = useReservations();
  const { ledger, newReplica } = system;
  let replica: Replica;
  before(() => {
    replica = newReplica();
  });

  /** Pays too late: the payment must go back. */
  async function expectRefund(reservation: Reservation): Promise<void> {
    const failure = await replica.confirm(reservation).catch((reason: unknown) => reason);
    expect(failure).to.deep.include({
      reason: "HOLD_EXPIRED",
      metadata: { reservationId: reservation.id, refundRequired: "true" },
    });
    expect((await replica.get(reservation)).state).to.equal("expired");
  }

  it("takes nothing for a payment that was told to go back, whatever comes back later", async () => {
    const event = ledger.addEvent({ ...LAPSED, capacity: 1 });
    const reservation = await replica.hold(event);
    await replica.sweep();
    await replica.hold(event);
    const key = randomUUID();
    expect(await reasonOf(replica.confirm(reservation, "pay-1", key))).to.equal("HOLD_EXPIRED");
    await replica.sweep();
    expect(ledger.stockOf(event.eventId).available).to.equal(1);
    expect(await reasonOf(replica.confirm(reservation, "pay-1", key))).to.equal("HOLD_EXPIRED");
    expect(await reasonOf(replica.confirm(reservation, "pay-2"))).to.equal("HOLD_EXPIRED");
    expect(ledger.stockOf(event.eventId).available).to.equal(1);
  });

  /** The refusal of a late payment. */
  const refusalOf = async (reservation: Reservation, key: string) => {
    const refusal = await rejectionOf(replica.confirm(reservation, "pay-1", key));
    const { reason, message, metadata } = refusal as ServiceError;
    return { reason, message, metadata };
  };

  it("is told its refusal again, as a replay, and nothing moves", async () => {
    const event = ledger.addEvent({ ...LAPSED, capacity: 1 });
    const reservation = await replica.hold(event);
    await replica.sweep();
    await replica.hold(event);
    const key = randomUUID();
    const first = await refusalOf(reservation, key);
    expect(first.metadata).not.to.have.property("replayed");
    const [row, commits] = [await system.rowOf(reservation.id), ledger.calls.commit];
    const replay = { ...first, metadata: { ...first.metadata, replayed: "true" } };
    expect(await refusalOf(reservation, key)).to.deep.equal(replay);
    expect(await system.rowOf(reservation.id)).to.deep.equal(row);
    expect(ledger.calls.commit).to.equal(commits);
    expect(await movesOf(reservation)).to.deep.equal(["HELD", "EXPIRED", "CONFIRMING", "EXPIRED"]);
    expect(await refusalOf(reservation, randomUUID())).to.deep.equal(first);
    await replica.sweep();
  });

  it("takes units again for ten minutes after the hold's end, and then never", async () => {
    const event = ledger.addEvent({ ...LAPSED, capacity: 2 });
    const [early, late] = [await replica.hold(event), await replica.hold(event)];
    await replica.sweep();
    await system.endHold(early.id, 590);
    await system.endHold(late.id, 601);
    expect((await replica.confirm(early)).reservation.isReacquired).to.equal(true);
    const [key, commits] = [randomUUID(), ledger.calls.commit];
    const first = await refusalOf(late, key);
    expect(first).to.deep.include({
      reason: "HOLD_EXPIRED",
      metadata: { reservationId: late.id, refundRequired: "true" },
    });
    // What was told is final, whatever the bound is by then.
    await system.endHold(late.id);
    const replay = { ...first, metadata: { ...first.metadata, replayed: "true" } };
    expect(await refusalOf(late, key)).to.deep.equal(replay);
    expect(ledger.calls.commit).to.equal(commits);
    expect(await movesOf(late)).to.deep.equal(["HELD", "EXPIRED"]);
    expect(ledger.stockOf(event.eventId)).to.deep.equal({ available: 1, held: 0, sold: 1 });
  });

  it("is an ordinary one while no sweeper came, however late it is", async () => {
    const reservation = await replica.hold(ledger.addEvent(LAPSED));
    await system.endHold(reservation.id, 601);
    const { reservation: confirmed } = await replica.confirm(reservation);
    expect(confirmed).to.include({ state: "confirmed", isReacquired: false });
  });

  it("is refused as a replay by the repeat that finishes what was left in the middle", async () => {
    const event = ledger.addEvent({ ...LAPSED, capacity: 1 });
    const reservation = await replica.hold(event);
    await replica.sweep();
    await replica.hold(event);
    const key = randomUUID();
    ledger.before = () => Promise.reject(new ServiceError("DEPENDENCY_UNAVAILABLE", "away"));
    expect(await refusalOf(reservation, key)).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    ledger.before = () => Promise.resolve();
    const finished = await refusalOf(reservation, key);
    expect(finished).to.include({ reason: "HOLD_EXPIRED" });
    expect(finished.metadata).to.include({ refundRequired: "true", replayed: "true" });
    expect((await replica.get(reservation)).state).to.equal("expired");
    expect(await refusalOf(reservation, key)).to.deep.equal(finished);
    await replica.sweep();
  });

  /** The states that consumers are told of, in order. */
  async function movesOf({ id }: Reservation): Promise<string[]> {
    const [rows] = await system.schema.pool.query<RowDataPacket[]>(
      "SELECT payload FROM outbox WHERE reservation_id = UNHEX(?) ORDER BY seq",
      [id.replaceAll("-", "")],
    );
    return rows.map(({ payload }) => JSON.parse(payload).state);
  }

  it("of units that are beyond the buyer's limit by now tells the payment to go back", async () => {
    const event = ledger.addEvent({ ...LAPSED, capacity: 10, maxPerUser: 2 });
    const wish = wishFor(event, { quantity: 2 });
    const { reservation } = await replica.create(wish);
    await replica.sweep();
    await replica.hold(event, { userId: wish.userId, quantity: 2 });
    await expectRefund(reservation);
  });

  it("of units that the ledger knows nothing of tells the payment to go back", async () => {
    const reservation = await replica.hold(ledger.addEvent(LAPSED));
    await replica.sweep();
    ledger.allocations.delete(reservation.id);
    await expectRefund(reservation);
  });

  for (const first of ["one", "other"] as const) {
    it(`tells two replicas the same of one payment, though units came back between them: ${first} ends first`, async () => {
      const event = ledger.addEvent({ ...LAPSED, capacity: 1 });
      const ends = { one: new SlowEnd(system.schema.pool), other: new SlowEnd(system.schema.pool) };
      const reservation = await replica.hold(event);
      await replica.sweep();
      await replica.hold(event);
      const confirm = (store: SlowEnd) =>
        reasonOf(newReplica({ store }).confirm(reservation, "pay-1"));
      const one = confirm(ends.one);
      await ends.one.turnstile.reached;
      // The ledger has refused one; now the rival's hold lapses, and the other one asks.
      await replica.sweep();
      const other = confirm(ends.other);
      await ends.other.turnstile.reached;
      const answers = { one, other };
      ends[first].turnstile.go();
      await answers[first];
      ends[first === "one" ? "other" : "one"].turnstile.go();
      expect(await Promise.all([one, other])).to.deep.equal(["HOLD_EXPIRED", "HOLD_EXPIRED"]);
      expect((await replica.get(reservation)).state).to.equal("expired");
      expect(ledger.stockOf(event.eventId)).to.deep.equal({ available: 1, held: 0, sold: 0 });
    });
  }
});

/** A store that records no end of a confirmation until it is told to. */
class SlowEnd extends MysqlReservationStore {
  readonly turnstile = new Turnstile();

  override async endConfirm(
    outcome: Parameters<MysqlReservationStore["endConfirm"]>[0],
  ): Promise<Reservation[]> {
    await this.turnstile.pass();
    return await super.endConfirm(outcome);
  }
}
