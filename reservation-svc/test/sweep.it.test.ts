import { expect } from "chai";
import type { Reservation } from "../src/domain/reservation.ts";
import { reasonOf, useReservations, wishFor } from "./use-reservations.ts";

describe("taking what is due", () => {
  const system = useReservations();

  it("never ends a hold before its time, by its own word", async () => {
    const replica = system.newReplica();
    const event = system.ledger.addEvent({ capacity: 400 });
    await Promise.all(Array.from({ length: 400 }, () => replica.create(wishFor(event))));
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
    const { reservation } = await replica.create(wishFor(stuck));
    await Promise.all(Array.from({ length: 9 }, () => replica.create(wishFor(other))));
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
      await system.makeDue((await replica.create(wishFor(stuck))).reservation.id);
    }
    const { reservation } = await replica.create(wishFor(other));
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
      await system.makeDue((await replica.create(wishFor(event))).reservation.id);
    }
    const before = ledger.calls.release;
    ledger.unreachable.add(event.eventId);
    expect(await reasonOf(replica.sweep())).to.equal("DEPENDENCY_UNAVAILABLE");
    expect(ledger.calls.release - before).to.equal(20);
    ledger.unreachable.clear();
  });
});
