import { randomUUID } from "node:crypto";
import { integerLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import type { RowDataPacket } from "mysql2/promise";
import { batchAllocate } from "../src/app/batch-allocate.ts";
import type { Ledger } from "../src/app/ledger.ts";
import { decideCapacity } from "../src/domain/capacity.ts";
import { MysqlLedger } from "../src/mysql/mysql-ledger.ts";
import { LEDGER_GUARD, type StockGuard } from "../src/mysql/stock-guard.ts";
import { type CreatedEvent, createEvent, expectExact, useInventory } from "./use-inventory.ts";

/** What the ledger would be without its guard: a check, and then a write. */
const NO_GUARD: StockGuard = {
  lock: "",
  update: (writes) => {
    const [write] = writes;
    if (write === undefined || writes.length > 1) {
      throw new Error("one ticket type at a time");
    }
    const { eventId, before, delta } = write;
    return `UPDATE stock SET available = ${integerLiteral(before.available + delta.available)},
      held = ${integerLiteral(before.held + delta.held)},
      capacity = ${integerLiteral(before.capacity + (delta.capacity ?? 0))}
     WHERE event_id = ${uuidLiteral(eventId)} AND position = ${integerLiteral(before.position)}`;
  },
};

/** How long a transaction waits for a lock, in milliseconds. */
const LOCK_WAIT_MS = 1_000;

/** What a conditional write answers when the units are gone; whatever else it may be flies. */
function unlessUnmatched(reason: unknown): string {
  if (String(reason).includes("matched 0 rows instead of 1")) {
    return "unmatched";
  }
  throw reason;
}

describe("the ledger's guard", () => {
  const inventory = useInventory();

  /**
   * Lets two transactions of one event meet: the one begins to wait and then the other, before
   * either can write, because a third one holds the stock. The ledgers are those of two replicas:
   * one by itself would serve them one after the other. Where that took so long that the first may
   * have given up, they meet again at another event.
   */
  async function meet(
    capacity: number,
    ...rivals: readonly ((event: CreatedEvent) => Promise<string>)[]
  ): Promise<{ eventId: string; answers: string[] }> {
    const event = await createEvent(inventory.client, [capacity]);
    const { eventId } = event;
    const blocker = await inventory.schema.pool.getConnection();
    await blocker.query("START TRANSACTION");
    await blocker.query("SELECT * FROM stock WHERE event_id = ? FOR UPDATE", [
      uuidToBytes(eventId),
    ]);
    const startTime = performance.now();
    const isLate = () => performance.now() - startTime >= LOCK_WAIT_MS;
    const answers: Promise<string>[] = [];
    for (const begin of rivals) {
      const answer = begin(event);
      answer.catch(() => undefined);
      answers.push(answer);
      await waitingTransactions(answers.length, isLate);
    }
    await blocker.query("COMMIT");
    const haveMet = !isLate();
    blocker.release();
    await Promise.allSettled(answers);
    return haveMet
      ? { eventId, answers: await Promise.all(answers) }
      : await meet(capacity, ...rivals);
  }

  /** A buyer wants so many units. */
  async function buy(ledger: Ledger, { eventId, types }: CreatedEvent, quantity: number) {
    const items = [{ ticketTypeId: types[0] ?? "", quantity }];
    const entries = [{ allocationId: randomUUID(), userId: randomUUID(), items }];
    const deps = { ledger, metrics: inventory.metrics };
    const [answer] = (await batchAllocate(deps, { eventId, fencingToken: 0n, entries })).answers;
    return answer !== undefined && "reason" in answer ? answer.reason : "granted";
  }

  /** The organiser wants so many units to be. */
  async function resize(ledger: Ledger, { eventId, types }: CreatedEvent, capacity: number) {
    const id = randomUUID();
    const query = { eventId, allocationIds: [], unitsOf: [], capacityChangeId: id };
    const wish = { id, requestId: "key", ticketTypeId: types[0] ?? "", capacity };
    const settled = await ledger.settle(query, (book) => decideCapacity(book, wish));
    const answer = settled?.outcome.answer;
    return answer !== undefined && "reason" in answer ? answer.reason : "changed";
  }

  async function raceForLastUnit(ledgers: readonly [Ledger, Ledger]) {
    const rivals = ledgers.map(
      (ledger) => (event: CreatedEvent) => buy(ledger, event, 1).catch(unlessUnmatched),
    );
    const { eventId, answers } = await meet(1, ...rivals);
    return { eventId, answers, granted: answers.filter((answer) => answer === "granted").length };
  }

  /** Resolves when so many transactions of this schema wait for a lock, or when it is late. */
  async function waitingTransactions(count: number, isLate = () => false): Promise<void> {
    const { pool } = inventory.schema;
    await until(
      `${count} transactions wait`,
      async () => {
        // information_schema.innodb_trx is no help: what it says is cached while it is asked.
        const [[status], [threads]] = await Promise.all([
          pool.query<RowDataPacket[]>("SHOW ENGINE INNODB STATUS"),
          pool.query<RowDataPacket[]>(
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE()",
          ),
        ]);
        const ours = new Set(threads.map(({ id }) => Number(id)));
        const waiting = String(status[0]?.Status)
          .split("---TRANSACTION")
          .filter((block) => block.includes("LOCK WAIT"))
          .map((block) => Number(/thread id (\d+)/.exec(block)?.[1]));
        return waiting.filter((id) => ours.has(id)).length >= count || isLate();
      },
      { patienceMs: 1_800, everyMs: 5 },
    );
  }

  it("lets one of two have the last unit", async () => {
    const replica = new MysqlLedger(inventory.schema.source);
    const { eventId, granted } = await raceForLastUnit([inventory.ledger, replica]);
    expect(granted).to.equal(1);
    await expectExact(inventory, eventId);
  });

  it("lets one of two have the last unit even where no lock is taken", async () => {
    const guard = { ...LEDGER_GUARD, lock: "" };
    const unlocked = () => new MysqlLedger(inventory.schema.source, { guard });
    const { eventId, answers } = await raceForLastUnit([unlocked(), unlocked()]);
    expect(answers.sort()).to.deep.equal(["granted", "unmatched"]);
    await expectExact(inventory, eventId);
  });

  it("is what prevents the oversell: without it, there is one", async () => {
    const unguarded = () => new MysqlLedger(inventory.schema.source, { guard: NO_GUARD });
    const { eventId, granted } = await raceForLastUnit([unguarded(), unguarded()]);
    expect(granted).to.equal(2);
    expect(await inventory.ledger.audit(eventId)).to.include({
      oversoldUnits: 1,
      driftUnits: 1,
    });
  });

  it("lets a buyer or the organiser have units, whoever came first", async () => {
    const { ledger, schema } = inventory;
    const replica = new MysqlLedger(schema.source);
    const buyers = (event: CreatedEvent) => buy(ledger, event, 2);
    const organisers = (event: CreatedEvent) => resize(replica, event, 1);
    const first = await meet(2, organisers, buyers);
    expect(first.answers).to.deep.equal(["changed", "SOLD_OUT"]);
    await expectExact(inventory, first.eventId);
    const second = await meet(2, buyers, organisers);
    expect(second.answers).to.deep.equal(["granted", "CAPACITY_BELOW_TAKEN"]);
    await expectExact(inventory, second.eventId);
  });

  it("is what a lowered capacity needs: without it, more is taken than there is", async () => {
    const unguarded = () => new MysqlLedger(inventory.schema.source, { guard: NO_GUARD });
    const { eventId, answers } = await meet(
      2,
      (event) => buy(unguarded(), event, 2),
      (event) => resize(unguarded(), event, 1),
    );
    expect(answers).to.deep.equal(["granted", "changed"]);
    expect(await inventory.ledger.audit(eventId)).to.include({
      oversoldUnits: 1,
      driftUnits: 2,
    });
  });

  it("rolls back what did not match, and leaves everything as it was", async () => {
    const { client, ledger, schema } = inventory;
    const { eventId, types } = await createEvent(client, [5]);
    const query = { eventId, allocationIds: [], unitsOf: [] };
    const settled = ledger.settle(query, () => ({
      change: {
        inserts: [],
        moves: [{ id: randomUUID(), from: "HELD" as const, to: "COMMITTED" as const }],
        deltas: [{ position: 0, available: -1, held: 0, sold: 1 }],
      },
    }));
    const failure = await settled.then(
      () => "none",
      (reason: unknown) => String(reason),
    );
    expect(failure).to.contain("matched 0 rows instead of 1");
    const stock = await client.getAvailability({ eventId });
    expect(stock.ticketTypes[0]).to.include({ ticketTypeId: types[0], available: 5, sold: 0 });
    const [rows] = await schema.pool.query<RowDataPacket[]>(
      "SELECT stock_version AS version FROM event WHERE id = ?",
      [uuidToBytes(eventId)],
    );
    expect(Number(rows[0]?.version)).to.equal(0);
  });

  it("cannot be written past by anybody: the schema checks, too", async () => {
    const { client, schema } = inventory;
    const { eventId } = await createEvent(client, [5]);
    for (const change of ["available = -1", "held = -1", "sold = -1", "available = 4"]) {
      const write = schema.pool.query(`UPDATE stock SET ${change} WHERE event_id = ?`, [
        uuidToBytes(eventId),
      ]);
      const failure = await write.then(
        () => "none",
        (reason: unknown) => String(reason),
      );
      expect(failure).to.contain("stock_");
    }
  });

  it("takes its time after the lock, not before", async () => {
    const { client, ledger, schema } = inventory;
    const { eventId } = await createEvent(client, [5]);
    const blocker = await schema.pool.getConnection();
    await blocker.query("START TRANSACTION");
    await blocker.query("SELECT id FROM event WHERE id = ? FOR UPDATE", [uuidToBytes(eventId)]);
    const nothing = { inserts: [], moves: [], deltas: [] };
    const settled = ledger.settle({ eventId, allocationIds: [], unitsOf: [] }, (book) => ({
      now: book.now,
      change: nothing,
    }));
    await waitingTransactions(1);
    const [rows] = await blocker.query<RowDataPacket[]>("SELECT UTC_TIMESTAMP(3) AS now");
    await blocker.query("COMMIT");
    blocker.release();
    expect((await settled)?.outcome.now).to.be.at.least(rows[0]?.now);
  });

  it("tries again, once, when it was a deadlock's victim", async () => {
    const { client, ledger, schema } = inventory;
    const { eventId } = await createEvent(client, [5]);
    const other = await createEvent(
      client,
      Array.from({ length: 50 }, () => 1),
    );
    const event = uuidToBytes(eventId);
    const rival = await schema.pool.getConnection();
    await rival.query("START TRANSACTION");
    // The rival changes more rows, so the database takes the ledger for the cheaper victim.
    await rival.query("UPDATE stock SET name = CONCAT(name, '!') WHERE event_id IN (?)", [
      [event, uuidToBytes(other.eventId)],
    ]);
    const settled = ledger.settle({ eventId, allocationIds: [], unitsOf: [] }, () => ({
      change: { inserts: [], moves: [], deltas: [] },
    }));
    // The ledger holds the event and waits for the stock; now the rival wants the event.
    await waitingTransactions(1);
    await rival.query("SELECT id FROM event WHERE id = ? FOR UPDATE", [event]);
    await rival.query("COMMIT");
    rival.release();
    expect((await settled)?.stock.lines).to.have.length(1);
  });
});
