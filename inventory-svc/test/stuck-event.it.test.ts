import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { failureOf } from "@tessera/testkit/call-failure";
import { statementsOf } from "@tessera/testkit/query-plans";
import { expect } from "chai";
import { type Connection, createConnection } from "mysql2/promise";
import { type CreatedEvent, createEvent, stockOf, useInventory } from "./use-inventory.ts";

/** What callers wait for an answer. */
const CALL = { timeoutMs: 2_000 };

function refsOf(events: readonly CreatedEvent[], allocationIds: readonly string[]) {
  return events.map(({ eventId }, nth) => ({ eventId, allocationId: allocationIds[nth] ?? "" }));
}

describe("an event whose row somebody keeps locked", () => {
  const inventory = useInventory();

  /** Takes one unit; calls of the same moment share a transaction. */
  const sell = ({ eventId, wish }: CreatedEvent) =>
    inventory.client.batchAllocate({ eventId, entries: [wish([0, 1])] }, { timeoutMs: 30_000 });

  /** Keeps events locked while `work` runs, as a replica that was frozen does. */
  async function whileLocked(
    events: CreatedEvent | readonly CreatedEvent[],
    work: (frozen: Connection) => unknown,
  ) {
    const ids = [events].flat().map(({ eventId }) => uuidToBytes(eventId));
    const frozen = await createConnection({ uri: inventory.schema.url });
    try {
      await frozen.query("START TRANSACTION");
      await frozen.query("SELECT id FROM event WHERE id IN (?) ORDER BY id FOR UPDATE", [ids]);
      await work(frozen);
      await frozen.query("ROLLBACK");
    } finally {
      frozen.destroy();
    }
  }

  it("fails alone, from the second time on without holding its neighbours up", async () => {
    const { client, schema } = inventory;
    const events = await Promise.all(Array.from({ length: 6 }, () => createEvent(client, [10])));
    const [stuck, ...others] = events as [CreatedEvent, ...CreatedEvent[]];
    await whileLocked(stuck, async () => {
      const refused = failureOf(sell(stuck));
      await Promise.all(others.map(sell));
      expect(await refused).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });

      let again: Promise<unknown> | undefined;
      const sent = await statementsOf(schema, async () => {
        again = failureOf(sell(stuck));
        await Promise.all(others.map(sell));
      });
      const names = (sql: string, { eventId }: CreatedEvent) => sql.includes(uuidLiteral(eventId));
      const shared = sent.filter(
        (sql) => names(sql, stuck) && others.some((one) => names(sql, one)),
      );
      expect(shared, "its neighbours waited with it").to.deep.equal([]);
      const tries = sent.filter((sql) => names(sql, stuck));
      expect(tries.join()).to.include("FOR UPDATE NOWAIT");
      expect(await again).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
      for (const { eventId } of others) {
        expect(await stockOf(client, eventId)).to.deep.equal([[8, 2, 0]]);
      }
    });
    // As soon as somebody gets the lock, it is as any other.
    await Promise.all([...events, stuck, stuck, stuck].map(sell));
    expect(await stockOf(client, stuck.eventId)).to.deep.equal([[6, 4, 0]]);
  });

  it("takes one connection, and the others have their answer at once, however many want it", async () => {
    const { client } = inventory;
    const [stuck, other] = [await createEvent(client, [50]), await createEvent(client, [50])];
    await whileLocked(stuck, async () => {
      await failureOf(sell(stuck));
      let isOver = false;
      const wanted = Promise.all(Array.from({ length: 40 }, () => failureOf(sell(stuck))));
      const ended = wanted.finally(() => {
        isOver = true;
      });
      // What others do meanwhile waits for none of it.
      let count = 0;
      do {
        await sell(other);
        count += 1;
      } while (!isOver && count < 50);
      for (const failure of await wanted) {
        expect(failure).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
      }
      await ended;
    });
    await Promise.all(Array.from({ length: 40 }, () => sell(stuck)));
    expect(await stockOf(client, stuck.eventId)).to.deep.equal([[10, 40, 0]]);
  });

  it("is one of many, and who shares a call with all of them waits for none by itself", async () => {
    const { client } = inventory;
    const all = await Promise.all(Array.from({ length: 31 }, () => createEvent(client, [10])));
    const [free, ...stuck] = all as [CreatedEvent, ...CreatedEvent[]];
    await whileLocked(stuck, async () => {
      let refused = 0;
      const refusing = stuck.map(async (event) => {
        expect(await failureOf(sell(event))).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
        refused += 1;
      });
      await sell(free);
      // Each of them is waited for before it is refused.
      expect(refused).to.equal(0);
      await Promise.all(refusing);
    });
    expect(await stockOf(client, free.eventId)).to.deep.equal([[9, 1, 0]]);
  });

  it("is known as stuck from the first call on, also from one that came alone", async () => {
    const { client, ledger, schema } = inventory;
    const stuck = await createEvent(client, [10]);
    const query = { eventId: stuck.eventId, allocationIds: [], unitsOf: [] };
    const settle = () =>
      ledger.settle(query, () => ({ change: { inserts: [], moves: [], deltas: [] } }));
    await whileLocked(stuck, async () => {
      expect(await failureOf(sell(stuck))).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
      const sent = await statementsOf(schema, async () => {
        await failureOf(sell(stuck));
      });
      expect(sent.join()).to.include("FOR UPDATE NOWAIT");
      const refused = failureOf(settle());
      expect(ledger.depth, "by itself").to.equal(1);
      await refused;
    });
    await sell(stuck);
    const settled = settle();
    expect(ledger.depth).to.equal(1);
    await settled;
  });

  for (const [does, callFor] of [
    [
      "granting",
      async ([stuck, other]: readonly CreatedEvent[]) => {
        const batches = [stuck, other].map((event) => ({
          eventId: event?.eventId ?? "",
          entries: [event?.wish([0, 1]) ?? {}],
        }));
        const request = { batches };
        const { results } = await inventory.client.batchAllocateAcrossEvents(request, CALL);
        return results.map(({ outcome }) => outcome.case);
      },
    ],
    [
      "committing",
      async (events: readonly CreatedEvent[], held: readonly string[]) => {
        const entries = refsOf(events, held);
        const { results } = await inventory.client.batchCommit({ entries }, CALL);
        return results.map(({ outcome }) => (outcome.case === "grant" ? "response" : outcome.case));
      },
    ],
    [
      "releasing",
      async (events: readonly CreatedEvent[], held: readonly string[]) => {
        const request = { entries: refsOf(events, held), returnPartialSuccess: true };
        const { unreachable } = await inventory.client.batchRelease(request, CALL);
        return events.map(({ eventId }) => (unreachable.includes(eventId) ? "error" : "response"));
      },
    ],
  ] as const) {
    it(`keeps no call from ${does} what its neighbours want, in time`, async () => {
      const { client } = inventory;
      const events = [await createEvent(client, [10]), await createEvent(client, [10])];
      const held: string[] = [];
      for (const { eventId, wish } of events) {
        const entry = wish([0, 1]);
        await client.batchAllocate({ eventId, entries: [entry] });
        held.push(entry.allocationId);
      }
      const [stuck] = events as [CreatedEvent, CreatedEvent];
      await whileLocked(stuck, async () => {
        expect(await callFor(events, held)).to.deep.equal(["error", "response"]);
        expect(await callFor(events, held), "again").to.deep.equal(["error", "response"]);
      });
    });
  }
});
