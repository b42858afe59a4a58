import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { RowDataPacket } from "mysql2/promise";
import { type CreateWish, reservationIdOf } from "../src/app/create-reservation.ts";
import type { NewReservation } from "../src/app/reservation-store.ts";
import { MysqlReservationStore } from "../src/mysql/mysql-reservation-store.ts";
import { reasonOf, useReservations, wishFor } from "./use-reservations.ts";

describe("CreateReservation", () => {
  const system = useReservations();
  const { ledger, newReplica } = system;

  async function countOf(eventId: string): Promise<number> {
    const [rows] = await system.schema.pool.query<RowDataPacket[]>(
      "SELECT COUNT(*) AS count FROM reservation WHERE event_id = UNHEX(?)",
      [eventId.replaceAll("-", "")],
    );
    return Number(rows[0]?.count);
  }

  /** The ledger grants it, and the process dies before it is written. */
  const createUntilCrash = async (wish: CreateWish) => {
    const crashing = newReplica({ store: new CrashingStore(system.schema.pool) });
    await crashing.create(wish).catch(() => undefined);
  };

  it("holds what was asked for, and stores it as it was answered", async () => {
    const event = ledger.addEvent({ types: 2 });
    const items = event.types.map((ticketTypeId, index) => ({ ticketTypeId, quantity: index + 1 }));
    const replica = newReplica();
    const wish = wishFor(event, { items });
    const { reservation, isReplay } = await replica.create(wish);
    expect(isReplay).to.equal(false);
    expect(reservation).to.deep.include({
      id: reservationIdOf(wish),
      state: "held",
      items,
      totalMinor: 7_500,
      currency: "EUR",
      extendCount: 0,
    });
    expect(reservation.expireTime.getTime() - reservation.createTime.getTime()).to.equal(600_000);
    expect(await replica.get(reservation)).to.deep.equal(reservation);
    expect(ledger.stockOf(event.eventId)).to.deep.equal({ available: 197, held: 3, sold: 0 });
  });

  it("gives the same key and body the same answer, and takes nothing again", async () => {
    const event = ledger.addEvent({ types: 2 });
    const [a = "", b = ""] = event.types;
    const items = [
      { ticketTypeId: a, quantity: 1 },
      { ticketTypeId: b, quantity: 1 },
    ];
    const wish = wishFor(event, { items });
    const first = await newReplica().create(wish);
    const again = await newReplica().create({ ...wish, items: items.toReversed() });
    expect(again).to.deep.equal({ reservation: first.reservation, isReplay: true });
    expect(ledger.stockOf(event.eventId).held).to.equal(2);
    expect(await countOf(event.eventId)).to.equal(1);
  });

  it("answers a repeat as at first, whatever became of the reservation", async () => {
    const event = ledger.addEvent();
    const replica = newReplica();
    const wish = wishFor(event);
    const first = await replica.create(wish);
    await replica.confirm(first.reservation);
    expect((await replica.create(wish)).reservation).to.deep.equal(first.reservation);
    await replica.cancel(first.reservation);
    expect((await replica.create(wish)).reservation).to.deep.equal(first.reservation);
    expect(ledger.stockOf(event.eventId)).to.deep.equal({ available: 100, held: 0, sold: 0 });
  });

  it("refuses the same key with another body", async () => {
    const event = ledger.addEvent();
    const replica = newReplica();
    const wish = wishFor(event);
    await replica.create(wish);
    const others = [wishFor(event, { quantity: 2 }), wishFor(ledger.addEvent())];
    for (const { items, eventId } of others) {
      const changed = { ...wish, items, eventId };
      expect(await reasonOf(replica.create(changed))).to.equal("IDEMPOTENCY_KEY_REUSED");
    }
    expect(ledger.stockOf(event.eventId).held).to.equal(1);
  });

  it("keeps the keys of two users apart", async () => {
    const event = ledger.addEvent();
    const wish = wishFor(event);
    const replica = newReplica();
    const one = await replica.create(wish);
    const other = await replica.create({ ...wish, userId: randomUUID() });
    expect(other.isReplay).to.equal(false);
    expect(other.reservation.id).not.to.equal(one.reservation.id);
  });

  it("says REQUEST_IN_PROGRESS while the first is running", async () => {
    const event = ledger.addEvent();
    const replica = newReplica();
    const wish = wishFor(event);
    const reasons = await Promise.all([
      reasonOf(replica.create(wish)),
      reasonOf(replica.create(wish)),
    ]);
    expect(reasons).to.deep.equal(["none", "REQUEST_IN_PROGRESS"]);
    expect((await replica.create(wish)).isReplay).to.equal(true);
  });

  it("makes one reservation of one key that two replicas serve at the same time", async () => {
    const event = ledger.addEvent();
    const replicas = [newReplica(), newReplica()];
    for (let round = 0; round < 20; round += 1) {
      const wish = wishFor(event);
      // A neighbour in the same write must not suffer from the duplicate.
      const neighbour = wishFor(event);
      const [one, other, third] = await Promise.all([
        replicas[0]?.create(wish),
        replicas[1]?.create(wish),
        replicas[1]?.create(neighbour),
      ]);
      expect(one?.reservation).to.deep.equal(other?.reservation);
      expect(third?.isReplay).to.equal(false);
    }
    expect(await countOf(event.eventId)).to.equal(40);
    expect(ledger.stockOf(event.eventId).held).to.equal(40);
  });

  it("finishes what a crash between ledger and write left behind", async () => {
    const event = ledger.addEvent();
    const crashing = newReplica({ store: new CrashingStore(system.schema.pool) });
    const wish = wishFor(event);
    const crash = await crashing.create(wish).catch((reason: Error) => reason.message);
    expect(crash).to.equal("crash");
    expect(await countOf(event.eventId)).to.equal(0);
    expect(ledger.stockOf(event.eventId).held).to.equal(1);
    const { reservation } = await newReplica().create(wish);
    expect((await newReplica().create(wish)).reservation).to.deep.equal(reservation);
    expect(await countOf(event.eventId)).to.equal(1);
    expect(ledger.stockOf(event.eventId).held).to.equal(1);
  });

  it("answers a sell-out from the cache, but a granted buyer's retry from the store", async () => {
    const event = ledger.addEvent({ capacity: 1 });
    const replica = newReplica();
    replica.cache.setLive(true);
    const winner = wishFor(event);
    const first = await replica.create(winner);
    const calls = ledger.calls.allocate;
    for (let count = 0; count < 5; count += 1) {
      expect(await reasonOf(replica.create(wishFor(event)))).to.equal("SOLD_OUT");
    }
    expect(await replica.create(winner)).to.deep.equal({ ...first, isReplay: true });
    const reused = { ...winner, items: wishFor(event, { quantity: 2 }).items };
    expect(await reasonOf(replica.create(reused))).to.equal("IDEMPOTENCY_KEY_REUSED");
    expect(ledger.calls.allocate).to.equal(calls);
    // Units that come back are to be had at once.
    await replica.cancel(first.reservation);
    expect((await replica.create(wishFor(event))).isReplay).to.equal(false);
  });

  it("gives the units to whoever was granted them, though all is known to be sold out", async () => {
    const event = ledger.addEvent({ capacity: 1 });
    const wish = wishFor(event);
    await createUntilCrash(wish);
    const replica = newReplica();
    replica.cache.setLive(true);
    expect(await reasonOf(replica.create(wishFor(event)))).to.equal("SOLD_OUT");
    const { reservation } = await replica.create(wish);
    expect(await replica.get(reservation)).to.deep.equal(reservation);
    expect(ledger.stockOf(event.eventId)).to.deep.equal({ available: 0, held: 1, sold: 0 });
  });

  it("says SOLD_OUT to whoever was granted units that have lapsed since", async () => {
    const event = ledger.addEvent({ capacity: 1 });
    const wish = wishFor(event);
    await createUntilCrash(wish);
    const { eventId } = event;
    await ledger.release([{ id: reservationIdOf(wish), eventId, state: "expired" }]);
    const replica = newReplica();
    replica.cache.setLive(true);
    await replica.create(wishFor(event));
    expect(await reasonOf(replica.create(wish))).to.equal("SOLD_OUT");
  });

  it("makes no hold of units that had lapsed before the first try could be finished", async () => {
    const event = ledger.addEvent({ capacity: 1 });
    const wish = wishFor(event);
    await createUntilCrash(wish);
    const { eventId } = event;
    await ledger.release([{ id: reservationIdOf(wish), eventId, state: "expired" }]);
    expect(await reasonOf(newReplica().create(wish))).to.equal("HOLD_EXPIRED");
    expect(await countOf(eventId)).to.equal(0);
    expect(ledger.stockOf(eventId)).to.include({ available: 1, held: 0 });
  });

  it("sells the last unit to exactly one of many", async () => {
    const event = ledger.addEvent({ capacity: 1 });
    const replicas = [newReplica(), newReplica()];
    const reasons = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        reasonOf((replicas[index % 2] ?? newReplica()).create(wishFor(event))),
      ),
    );
    expect(reasons.filter((reason) => reason === "none")).to.have.length(1);
    expect(reasons.filter((reason) => reason === "SOLD_OUT")).to.have.length(99);
    expect(await countOf(event.eventId)).to.equal(1);
  });

  it("passes on the ledger's refusals, and stores none", async () => {
    const event = ledger.addEvent({ maxPerUser: 2 });
    const replica = newReplica();
    const cases = {
      LIMIT_EXCEEDED: wishFor(event, { quantity: 3 }),
      EVENT_NOT_FOUND: wishFor({ ...event, eventId: randomUUID() }),
      TICKET_TYPE_NOT_FOUND: wishFor({ ...event, types: [randomUUID()] }),
    };
    for (const [reason, wish] of Object.entries(cases)) {
      expect(await reasonOf(replica.create(wish))).to.equal(reason);
    }
    expect(await countOf(event.eventId)).to.equal(0);
    // The refused key is free for another try.
    const { requestId, userId } = cases.LIMIT_EXCEEDED;
    await replica.create(wishFor(event, { requestId, userId }));
  });

  it("negative control: without the id made of the key, a repeat is seen to hold twice", async () => {
    const event = ledger.addEvent();
    const careless = newReplica({ idOf: () => randomUUID() });
    const wish = wishFor(event);
    await careless.create(wish);
    await careless.create(wish);
    expect(ledger.stockOf(event.eventId).held).to.equal(2);
    expect(await countOf(event.eventId)).to.equal(2);
  });
});

/** Dies once, after the ledger has answered. */
class CrashingStore extends MysqlReservationStore {
  #hasCrashed = false;

  override async insert(created: readonly NewReservation[]): Promise<void> {
    if (!this.#hasCrashed) {
      this.#hasCrashed = true;
      throw new Error("crash");
    }
    await super.insert(created);
  }
}
