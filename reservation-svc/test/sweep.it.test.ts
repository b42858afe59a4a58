import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import type { Reservation } from "../src/domain/reservation.ts";
import { type Replica, reasonOf, useReservations } from "./use-reservations.ts";

const AWAY = () => Promise.reject(new ServiceError("DEPENDENCY_UNAVAILABLE", "away"));

describe("taking what is due", () => {
  const system = useReservations();

  it("never ends a hold before its time, by its own word", async () => {
    const replica = system.newReplica();
    const event = system.ledger.addEvent({ capacity: 400 });
    await Promise.all(Array.from({ length: 400 }, () => replica.hold(event)));
    // One after the other, a millisecond apart: one of them is due just now, at any time.
    const time = "UTC_TIMESTAMP(3) + INTERVAL 1000 * (seq - first) MICROSECOND";
    await system.schema.pool.query(
      `UPDATE reservation, (SELECT MIN(seq) AS first FROM reservation) AS all_of_them
       SET expire_time = ${time}, due_time = ${time}`,
    );
    const ended: Reservation[] = [];
    while (ended.length < 400) {
      ended.push(...(await replica.store.takeDue(500)).expired);
    }
    const early = ended.filter(({ updateTime, expireTime }) => updateTime < expireTime);
    expect(early).to.deep.equal([]);
  });

  it("gives back what it can when one event's units cannot be, and the rest later", async () => {
    const { ledger } = system;
    const replica = system.newReplica();
    const [stuck, other] = [ledger.addEvent({ holdMs: -1 }), ledger.addEvent({ holdMs: -1 })];
    const reservation = await replica.hold(stuck);
    await Promise.all(Array.from({ length: 9 }, () => replica.hold(other)));
    ledger.unreachable.add(stuck.eventId);
    await replica.sweep();
    expect(ledger.stockOf(other.eventId)).to.include({ available: 100, held: 0 });
    expect(ledger.stockOf(stuck.eventId)).to.include({ available: 99, held: 1 });
    ledger.unreachable.clear();
    await system.makeDue(reservation.id);
    await replica.sweep();
    expect(ledger.stockOf(stuck.eventId)).to.include({ available: 100, held: 0 });
    expect(replica.swept).to.include({ expired: 10, resumed: 1 });
  });

  it("reaches what is due behind batches of an event that nothing can be given back of", async () => {
    const { ledger } = system;
    const replica = system.newReplica({ sweepBatchSize: 5 });
    const [stuck, other] = [ledger.addEvent(), ledger.addEvent()];
    for (let n = 0; n < 25; n += 1) {
      await system.makeDue((await replica.hold(stuck)).id);
    }
    const reservation = await replica.hold(other);
    await system.makeDue(reservation.id);
    ledger.unreachable.add(stuck.eventId);
    expect(await reasonOf(replica.sweep())).to.equal("DEPENDENCY_UNAVAILABLE");
    expect(ledger.stockOf(other.eventId)).to.include({ available: 100, held: 0 });
    ledger.unreachable.clear();
  });

  it("ends a round when nothing can be given back at all", async () => {
    const { ledger } = system;
    const replica = system.newReplica({ sweepBatchSize: 1 });
    const event = ledger.addEvent();
    for (let n = 0; n < 25; n += 1) {
      await system.makeDue((await replica.hold(event)).id);
    }
    const before = ledger.calls.release;
    ledger.unreachable.add(event.eventId);
    expect(await reasonOf(replica.sweep())).to.equal("DEPENDENCY_UNAVAILABLE");
    expect(ledger.calls.release - before).to.equal(20);
    ledger.unreachable.clear();
  });
});

describe("a sweep", () => {
  const system = useReservations();
  const { ledger, newReplica } = system;
  let replica: Replica;
  before(() => {
    replica = newReplica();
  });

  it("expires each hold once and gives its units back once, with two sweepers at once", async () => {
    const event = ledger.addEvent({ capacity: 300, holdMs: 0 });
    await Promise.all(Array.from({ length: 300 }, () => replica.hold(event)));
    const sweepers = [newReplica({ sweepBatchSize: 20 }), newReplica({ sweepBatchSize: 20 })];
    await Promise.all(sweepers.map((one) => one.sweep()));
    const expired = sweepers.reduce((sum, { swept }) => sum + swept.expired, 0);
    expect(expired).to.equal(300);
    expect(ledger.stockOf(event.eventId)).to.deep.equal({ available: 300, held: 0, sold: 0 });
    const counts = [...ledger.allocations.values()]
      .filter(({ eventId }) => eventId === event.eventId)
      .map(({ id }) => ledger.givenBack.get(id));
    expect(new Set(counts)).to.deep.equal(new Set([1]));
  });

  it("gives back in a later round what the ledger could not take in this one", async () => {
    const event = ledger.addEvent({ capacity: 1, holdMs: 0 });
    const reservation = await replica.hold(event);
    ledger.before = AWAY;
    expect(await reasonOf(replica.sweep())).to.equal("DEPENDENCY_UNAVAILABLE");
    expect((await replica.get(reservation)).state).to.equal("expired");
    ledger.before = () => Promise.resolve();
    // Its lease belongs to the sweeper that failed.
    await replica.sweep();
    expect(ledger.stockOf(event.eventId).held).to.equal(1);
    await system.makeDue(reservation.id);
    await newReplica().sweep();
    expect(ledger.stockOf(event.eventId).available).to.equal(1);
  });

  it("keeps a cancellation due when a late note says that its expiry was given back", async () => {
    const event = ledger.addEvent({ capacity: 1, holdMs: 0 });
    const reservation = await replica.hold(event);
    await replica.sweep();
    await replica.confirm(reservation);
    ledger.before = AWAY;
    await replica.cancel(reservation);
    ledger.before = () => Promise.resolve();
    await replica.store.markReleased([{ ...reservation, state: "expired" }]);
    await system.makeDue(reservation.id);
    await replica.sweep();
    expect(ledger.stockOf(event.eventId)).to.deep.equal({ available: 1, held: 0, sold: 0 });
  });

  it("finishes a confirmation although nothing can be given back", async () => {
    const confirming = await replica.hold(ledger.addEvent());
    const expired = await replica.hold(ledger.addEvent({ holdMs: 0 }));
    ledger.before = AWAY;
    await reasonOf(replica.confirm(confirming));
    await system.makeDue(confirming.id);
    ledger.before = (method) => (method === "release" ? AWAY() : Promise.resolve());
    expect(await reasonOf(replica.sweep())).to.equal("DEPENDENCY_UNAVAILABLE");
    expect((await replica.get(expired)).state).to.equal("expired");
    expect((await replica.get(confirming)).state).to.equal("confirmed");
  });
});
