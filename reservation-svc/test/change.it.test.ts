import { randomUUID } from "node:crypto";
import { ServiceError } from "@tessera/service-kit/service-error";
import { statementsOf } from "@tessera/testkit/query-plans";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import type { ResultSetHeader } from "mysql2/promise";
import { requestKeyOf } from "../src/app/request-key.ts";
import { STATE_CODES } from "../src/mysql/reservation-row.ts";
import { Turnstile } from "./turnstile.ts";
import { type Replica, reasonOf, useReservations } from "./use-reservations.ts";

const AWAY = () => Promise.reject(new ServiceError("DEPENDENCY_UNAVAILABLE", "away"));

describe("changing a reservation", () => {
  const system = useReservations();
  const { ledger, newReplica } = system;
  let replica: Replica;
  before(() => {
    replica = newReplica();
  });

  describe("cancelReservation", () => {
    it("gives the units back once, and a repeat gets the same answer", async () => {
      const event = ledger.addEvent({ capacity: 1 });
      const reservation = await replica.hold(event);
      const key = randomUUID();
      const first = await replica.cancel(reservation, key);
      expect(first).to.deep.include({ isReplay: false });
      expect(first.reservation.state).to.equal("cancelled");
      expect(ledger.stockOf(event.eventId).available).to.equal(1);
      const again = await newReplica().cancel(reservation, key);
      expect(again).to.deep.equal({ ...first, isReplay: true });
      expect(ledger.givenBack.get(reservation.id)).to.equal(1);
      expect(await reasonOf(replica.cancel(reservation))).to.equal("ILLEGAL_MOVE");
      expect((await system.rowOf(reservation.id))?.due_time).to.equal(null);
    });

    it("refuses the same key for another reservation", async () => {
      const event = ledger.addEvent();
      const reservation = await replica.hold(event);
      const { userId } = reservation;
      const second = await replica.hold(event, { userId });
      const key = randomUUID();
      await replica.cancel(reservation, key);
      expect(await reasonOf(replica.cancel(second, key))).to.equal("IDEMPOTENCY_KEY_REUSED");
      expect((await replica.get(second)).state).to.equal("held");
    });

    it("lets exactly one of two cancels of two replicas win", async () => {
      const event = ledger.addEvent();
      const other = newReplica();
      for (let round = 0; round < 10; round += 1) {
        const reservation = await replica.hold(event);
        const reasons = await Promise.all([
          reasonOf(replica.cancel(reservation)),
          reasonOf(other.cancel(reservation)),
        ]);
        expect(reasons.sort()).to.deep.equal(["ILLEGAL_MOVE", "none"]);
        expect(ledger.givenBack.get(reservation.id)).to.equal(1);
      }
    });

    it("has one outcome against a confirm at the same time, and the ledger agrees", async () => {
      const event = ledger.addEvent({ capacity: 1 });
      const other = newReplica({ confirmedWithinSeconds: 0 });
      for (let round = 0; round < 20; round += 1) {
        const reservation = await replica.hold(event);
        const [confirmed, cancelled] = await Promise.all([
          reasonOf(replica.confirm(reservation)),
          reasonOf(other.cancel(reservation)),
        ]);
        const { state } = await replica.get(reservation);
        const allocation = ledger.allocations.get(reservation.id)?.state;
        if (confirmed === "none") {
          expect(["REQUEST_IN_PROGRESS", "CANCEL_NOT_ALLOWED"]).to.include(cancelled);
          expect([state, allocation]).to.deep.equal(["confirmed", "COMMITTED"]);
          await replica.cancel(reservation);
        } else {
          expect([confirmed, cancelled]).to.deep.equal(["ILLEGAL_MOVE", "none"]);
          expect([state, allocation]).to.deep.equal(["cancelled", "RELEASED"]);
        }
      }
    });

    it("moves what is held or confirmed, by a statement that leaves all else alone", async () => {
      const reservation = await replica.hold(ledger.addEvent());
      const { pool } = system.schema;
      const sent = await statementsOf(system.schema, () => replica.cancel(reservation));
      const [move = ""] = sent.filter((sql) => /^UPDATE reservation SET state/.test(sql));
      for (const [state, code] of Object.entries(STATE_CODES)) {
        const row = [code, reservation.id.replaceAll("-", "")];
        const put = "UPDATE reservation SET state = ?, due_time = NULL WHERE id = UNHEX(?)";
        await pool.query(put, row);
        const [{ affectedRows }] = await pool.query<ResultSetHeader>(move);
        expect(affectedRows, state).to.equal(/^(held|confirmed)$/.test(state) ? 1 : 0);
      }
    });

    it("cancels what was paid for within the policy's time only", async () => {
      const event = ledger.addEvent({ capacity: 1 });
      const reservation = await replica.hold(event);
      await replica.confirm(reservation);
      const strict = newReplica({ confirmedWithinSeconds: 0 });
      expect(await reasonOf(strict.cancel(reservation))).to.equal("CANCEL_NOT_ALLOWED");
      expect(ledger.stockOf(event.eventId).sold).to.equal(1);
      await replica.cancel(reservation);
      expect(ledger.stockOf(event.eventId)).to.deep.equal({ available: 1, held: 0, sold: 0 });
      // A cancellation is for good: no late confirm takes the units again.
      expect(await reasonOf(replica.confirm(reservation))).to.equal("ILLEGAL_MOVE");
    });

    it("does not wait for a ledger that is slow to take the units back", async () => {
      const event = ledger.addEvent({ capacity: 1 });
      const reservation = await replica.hold(event);
      const slow = new Turnstile();
      ledger.before = () => slow.pass();
      const hasty = newReplica({ releaseWaitMs: 1 });
      expect((await hasty.cancel(reservation)).reservation.state).to.equal("cancelled");
      expect(hasty.failures).to.have.length(1);
      expect(ledger.stockOf(event.eventId)).to.include({ available: 0, held: 1 });
      slow.go();
      await until("the units are back", () => ledger.stockOf(event.eventId).available === 1);
    });

    it("is done even if the ledger is away; a sweep gives the units back", async () => {
      const event = ledger.addEvent({ capacity: 1 });
      const reservation = await replica.hold(event);
      ledger.before = AWAY;
      const { reservation: cancelled } = await replica.cancel(reservation);
      expect(cancelled.state).to.equal("cancelled");
      expect(replica.failures.at(-1)).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
      expect(ledger.stockOf(event.eventId).held).to.equal(1);
      ledger.before = () => Promise.resolve();
      await system.makeDue(reservation.id);
      const other = newReplica();
      await other.sweep();
      expect(other.swept).to.include({ expired: 0, resumed: 1 });
      expect(ledger.stockOf(event.eventId).available).to.equal(1);
      expect((await system.rowOf(reservation.id))?.due_time).to.equal(null);
    });
  });

  describe("extendReservation", () => {
    it("renews the hold three times, and a repeat does not count", async () => {
      const reservation = await replica.hold(ledger.addEvent());
      let endTime = reservation.expireTime;
      for (let count = 1; count <= 3; count += 1) {
        await system.nextMillisecond();
        const key = randomUUID();
        const first = await replica.extend(reservation, key);
        expect(first.isReplay).to.equal(false);
        expect(first.reservation.extendCount).to.equal(count);
        expect(first.reservation.expireTime).to.be.greaterThan(endTime);
        expect(first.reservation.expireTime.getTime() - first.now.getTime()).to.be.at.most(600_000);
        endTime = first.reservation.expireTime;
        const again = await newReplica().extend(reservation, key);
        expect(again).to.deep.equal({ ...first, isReplay: true });
        expect(await replica.get(reservation)).to.deep.equal(first.reservation);
        expect(ledger.allocations.get(reservation.id)?.expireTime).to.deep.equal(endTime);
      }
      expect(await reasonOf(replica.extend(reservation))).to.equal("EXTEND_LIMIT");
      expect((await replica.get(reservation)).expireTime).to.deep.equal(endTime);
    });

    it("never goes beyond two hours after the reservation was made", async () => {
      const agoMs = 6_900_000;
      ledger.now = () => new Date(Date.now() - agoMs);
      const reservation = await replica.hold(ledger.addEvent({ holdMs: 7_000_000 }));
      const { reservation: extended } = await replica.extend(reservation);
      const capTime = reservation.createTime.getTime() + 7_200_000;
      expect(extended.expireTime.getTime()).to.equal(capTime);
      expect(await reasonOf(replica.extend(reservation))).to.equal("EXTEND_LIMIT");
    });

    it("refuses a hold that is over, swept or not, and what is no hold", async () => {
      const event = ledger.addEvent({ holdMs: 0 });
      const lapsed = await replica.hold(event);
      expect(await reasonOf(replica.extend(lapsed))).to.equal("HOLD_EXPIRED");
      await replica.sweep();
      expect(await reasonOf(replica.extend(lapsed))).to.equal("HOLD_EXPIRED");
      const confirmed = await replica.hold(ledger.addEvent());
      await replica.confirm(confirmed);
      expect(await reasonOf(replica.extend(confirmed))).to.equal("ILLEGAL_MOVE");
      const gone = await replica.hold(ledger.addEvent());
      const allocation = ledger.allocations.get(gone.id);
      if (allocation !== undefined) {
        allocation.state = "RELEASED";
      }
      await system.nextMillisecond();
      expect(await reasonOf(replica.extend(gone))).to.equal("HOLD_EXPIRED");
    });

    it("says what became of it when it was paid for, or given back, in the meantime", async () => {
      for (const move of ["confirm", "cancel"] as const) {
        const reservation = await replica.hold(ledger.addEvent());
        await system.nextMillisecond();
        ledger.before = async (method) => {
          if (method === "extend") {
            await replica[move](reservation);
          }
        };
        expect(await reasonOf(replica.extend(reservation)), move).to.equal("ILLEGAL_MOVE");
      }
    });

    it("leaves the hold where it was when anything fails", async () => {
      const reservation = await replica.hold(ledger.addEvent());
      await system.nextMillisecond();
      ledger.before = AWAY;
      expect(await reasonOf(replica.extend(reservation))).to.equal("DEPENDENCY_UNAVAILABLE");
      expect(await replica.get(reservation)).to.deep.equal(reservation);
      // Somebody cancels between the ledger's answer and the write.
      ledger.before = async (method) => {
        if (method === "extend") {
          const key = requestKeyOf("CancelReservation", {
            userId: reservation.userId,
            requestId: randomUUID(),
            reservationId: reservation.id,
          });
          const { userId } = reservation;
          await replica.store.cancel({ key, userId, confirmedWithinSeconds: 0 });
        }
      };
      expect(await reasonOf(replica.extend(reservation))).to.equal("REQUEST_IN_PROGRESS");
      const { expireTime, extendCount, state } = await replica.get(reservation);
      expect({ expireTime, extendCount, state }).to.deep.equal({
        expireTime: reservation.expireTime,
        extendCount: 0,
        state: "cancelled",
      });
    });

    it("counts once when two replicas are told at the same time", async () => {
      const reservation = await replica.hold(ledger.addEvent());
      await system.nextMillisecond();
      const key = randomUUID();
      const reasons = await Promise.all([
        reasonOf(replica.extend(reservation, key)),
        reasonOf(newReplica().extend(reservation, key)),
      ]);
      for (const reason of reasons) {
        expect(["none", "REQUEST_IN_PROGRESS"]).to.include(reason);
      }
      expect((await replica.get(reservation)).extendCount).to.equal(1);
    });

    it("happens once, however many ask for it with keys of their own at the same time", async () => {
      const reservation = await replica.hold(ledger.addEvent());
      await system.nextMillisecond();
      const allHaveRead = new Turnstile();
      let readers = 0;
      ledger.before = () => {
        readers += 1;
        if (readers === 6) {
          allHaveRead.go();
        }
        return allHaveRead.pass();
      };
      const asked = Array.from({ length: 6 }, () => reasonOf(replica.extend(reservation)));
      const reasons = (await Promise.all(asked)).sort();
      expect(reasons).to.deep.equal([...Array(5).fill("REQUEST_IN_PROGRESS"), "none"]);
      expect((await replica.get(reservation)).extendCount).to.equal(1);
    });

    it("does not renew a hold that has ended since it was looked at", async () => {
      const reservation = await replica.hold(ledger.addEvent());
      await system.nextMillisecond();
      ledger.before = () => system.endHold(reservation.id);
      expect(await reasonOf(replica.extend(reservation))).to.equal("REQUEST_IN_PROGRESS");
      expect(await replica.get(reservation)).to.include({ state: "held", extendCount: 0 });
      expect(await reasonOf(replica.extend(reservation))).to.equal("HOLD_EXPIRED");
    });

    it("refuses the same key for another reservation, even at the same time", async () => {
      const event = ledger.addEvent();
      for (let round = 0; round < 10; round += 1) {
        const one = await replica.hold(event);
        const { userId } = one;
        const other = await replica.hold(event, { userId });
        await system.nextMillisecond();
        const key = randomUUID();
        const reasons = await Promise.all([
          reasonOf(replica.extend(one, key)),
          reasonOf(newReplica().extend(other, key)),
        ]);
        expect(reasons.sort()).to.deep.equal(["IDEMPOTENCY_KEY_REUSED", "none"]);
      }
    });
  });
});
