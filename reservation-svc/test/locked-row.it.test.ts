import { randomUUID } from "node:crypto";
import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { expect } from "chai";
import type { ConfirmIntent } from "../src/app/reservation-store.ts";
import type { Reservation } from "../src/domain/reservation.ts";
import { MysqlReservationStore } from "../src/mysql/mysql-reservation-store.ts";
import { type Replica, reasonOf, useReservations } from "./use-reservations.ts";

describe("a reservation that somebody keeps locked", () => {
  const system = useReservations();
  const { ledger, newReplica } = system;
  let replica: Replica;
  before(() => {
    replica = newReplica();
  });

  function held(count: number): Promise<Reservation[]> {
    const event = ledger.addEvent();
    return Promise.all(Array.from({ length: count }, () => replica.hold(event)));
  }

  /** Runs `work` while another session has the reservation's row. */
  async function whileLocked({ id }: Reservation, work: () => Promise<void>): Promise<void> {
    const other = await system.schema.pool.getConnection();
    try {
      await other.query(
        `START TRANSACTION; SELECT 1 FROM reservation WHERE id = ${uuidLiteral(id)} FOR UPDATE`,
      );
      await work();
    } finally {
      await other.query("ROLLBACK");
      other.release();
    }
  }

  it("keeps none of those from being confirmed that are paid for at the same moment", async () => {
    const [[locked], others] = [await held(1), await held(20)];
    await whileLocked(locked as Reservation, async () => {
      const late = reasonOf(replica.confirm(locked as Reservation));
      const reasons = await Promise.all(others.map((one) => reasonOf(replica.confirm(one))));
      expect(new Set(reasons)).to.deep.equal(new Set(["none"]));
      expect(await late).to.equal("REQUEST_IN_PROGRESS");
    });
    expect(await reasonOf(replica.confirm(locked as Reservation))).to.equal("none");
  });

  it("is waited for: who has it may be done in a moment", async () => {
    const [reservation] = (await held(1)) as [Reservation];
    const store = new TellingStore(system.schema.pool);
    let answer = Promise.resolve("");
    await whileLocked(reservation, async () => {
      answer = reasonOf(newReplica({ store }).confirm(reservation));
      await store.waits.promise;
    });
    expect(await answer).to.equal("none");
  });

  it("when it is sold already, is confirmed by a repeat, and its neighbour at once", async () => {
    const [one, neighbour] = (await held(2)) as [Reservation, Reservation];
    const isFree = Promise.withResolvers<void>();
    let locking = Promise.resolve();
    ledger.before = (method) => {
      if (method === "commit") {
        const isLocked = Promise.withResolvers<void>();
        locking = whileLocked(one, () => {
          isLocked.resolve();
          return isFree.promise;
        });
        return isLocked.promise;
      }
      return Promise.resolve();
    };
    const key = randomUUID();
    const answers = [replica.confirm(one, "pay-1", key), replica.confirm(neighbour)].map(reasonOf);
    expect(await Promise.all(answers)).to.deep.equal(["REQUEST_IN_PROGRESS", "none"]);
    ledger.before = () => Promise.resolve();
    isFree.resolve();
    await locking;
    expect((await replica.get(one)).state).to.equal("confirming");
    expect((await replica.confirm(one, "pay-1", key)).reservation.state).to.equal("confirmed");
    expect(ledger.stockOf(one.eventId)).to.include({ held: 0, sold: 2 });
  });

  for (const change of ["cancel", "extend"] as const) {
    it(`takes few connections from the others, however many want to ${change} it`, async () => {
      const [reservation] = (await held(1)) as [Reservation];
      let [asked, answered] = [0, 0];
      const isAsked = Promise.withResolvers<void>();
      const look = () => (asked === 50 || answered > asked) && isAsked.resolve();
      ledger.before = async (method) => {
        asked += method === "extend" ? 1 : 0;
        look();
      };
      const begin = async () => {
        const reason = await reasonOf(replica[change](reservation));
        answered += 1;
        look();
        return reason;
      };
      const answers: Promise<string>[] = [];
      await whileLocked(reservation, async () => {
        answers.push(...Array.from({ length: 50 }, begin));
        if (change === "extend") {
          // All get as far as the row, none is sent away for want of a connection.
          await isAsked.promise;
          expect(asked).to.equal(50);
        }
        const event = ledger.addEvent();
        expect(await reasonOf(replica.hold(event))).to.equal("none");
        expect(await reasonOf(replica.get(reservation))).to.equal("none");
      });
      expect(await Promise.all(answers)).to.include("none");
    });
  }
});

/** A store that tells when it waits for what somebody else has locked. */
class TellingStore extends MysqlReservationStore {
  readonly waits = Promise.withResolvers<void>();

  override beginConfirm(
    ...asked: Parameters<MysqlReservationStore["beginConfirm"]>
  ): Promise<ConfirmIntent[]> {
    if (asked[1].isWaiting) {
      this.waits.resolve();
    }
    return super.beginConfirm(...asked);
  }
}
