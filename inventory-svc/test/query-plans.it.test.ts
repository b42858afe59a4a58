import { randomUUID } from "node:crypto";
import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import { useMysql } from "@tessera/testkit/mysql";
import { faultsOf, planFaults, statementsOf, stepsOf } from "@tessera/testkit/query-plans";
import { expect } from "chai";
import type { RowDataPacket } from "mysql2/promise";
import { fillSchema } from "../../test/fill-schema.ts";
import type { EventPosition, EventSort } from "../src/app/event-store.ts";
import { MysqlEventStore } from "../src/mysql/mysql-event-store.ts";
import { MysqlLedger } from "../src/mysql/mysql-ledger.ts";
import { SCHEMA } from "../src/mysql/schema.ts";
import { createEvent, useInventory } from "./use-inventory.ts";

/** What a sale without a hold would change. */
const SOLD_ONE = { available: -1, held: 0, sold: 1 };

// What a read costs must not depend on how much there is.
describe("the query plans of inventory-svc", () => {
  const schema = useMysql(SCHEMA);
  let events: MysqlEventStore;
  let ledger: MysqlLedger;
  let eventIds: string[];
  let allocations: { id: string; eventId: string; userId: string }[];

  before(async () => {
    await fillSchema("inventory", schema.url);
    events = new MysqlEventStore(schema.source);
    ledger = new MysqlLedger(schema.source);
    const [rows] = await schema.pool.query<RowDataPacket[]>("SELECT id FROM event LIMIT 40");
    eventIds = rows.map(({ id }) => uuidFromBytes(id));
    const [some] = await schema.pool.query<RowDataPacket[]>(
      "SELECT id, event_id, user_id FROM allocation WHERE state = 3 LIMIT 40",
    );
    allocations = some.map(({ id, event_id, user_id }) => ({
      id: uuidFromBytes(id),
      eventId: uuidFromBytes(event_id),
      userId: uuidFromBytes(user_id),
    }));
  });

  const noon = Date.UTC(2028, 5, 1, 12);
  const lists: [EventSort, string, EventPosition, Date?][] = [
    ["startTime", "", [noon, 1_000], new Date(noon)],
    ["startTime", "", [noon, 1_000]],
    ["createTimeDesc", "", [noon, 1_000]],
    ["name", "", ["Lena", 1_000]],
    ["name", "Le", ["Lena", 1_000]],
  ];
  for (const [sort, namePrefix, position, startFrom] of lists) {
    for (const after of [undefined, position]) {
      const where = after === undefined ? "the first page" : "a page in the middle";
      const from = startFrom === undefined ? "" : " from a time on";
      it(`list ${where} by ${sort}${from}${namePrefix && ` that begins with ${namePrefix}`}`, async () => {
        for (const limit of [1, 20, 100]) {
          const list = async () => {
            const page = await events.list({ sort, namePrefix, startFrom, after, limit });
            expect(page.events).to.have.length(Math.min(limit, page.events.length));
            expect(page.events.length).to.be.greaterThan(0);
          };
          expect(await faultsOf(schema, 2, list)).to.deep.equal([]);
        }
      });
    }
  }

  it("look one event and its stock up", async () => {
    const id = eventIds[7] ?? "";
    expect(await faultsOf(schema, 2, () => events.get(id))).to.deep.equal([]);
    expect(await faultsOf(schema, 1, () => events.stockOf(id))).to.deep.equal([]);
  });

  it("lock and read what an allocation needs, of several events at once", async () => {
    const nothing = () => ({ change: { inserts: [], moves: [], deltas: [] } });
    const settle = (unitsOf: "released" | "users") =>
      Promise.all(
        [...Map.groupBy(allocations, ({ eventId }) => eventId)].map(([eventId, ones]) =>
          ledger.settle(
            {
              eventId,
              allocationIds: unitsOf === "users" ? [randomUUID()] : ones.map(({ id }) => id),
              unitsOf: unitsOf === "users" ? ones.map(({ userId }) => userId) : unitsOf,
            },
            nothing,
          ),
        ),
      );
    expect(await faultsOf(schema, 4, () => settle("released"))).to.deep.equal([]);
    expect(await faultsOf(schema, 4, () => settle("users"))).to.deep.equal([]);
  });

  it("look many allocations up", async () => {
    const ids = allocations.map(({ id }) => id);
    const find = async () => expect(await ledger.find(ids)).to.have.length(ids.length);
    expect(await faultsOf(schema, 1, find)).to.deep.equal([]);
  });

  it("write what was decided for several events at once", async () => {
    const settle = () =>
      Promise.all(
        [...Map.groupBy(allocations, ({ eventId }) => eventId)].map(([eventId, ones]) => {
          const ids = ones.map(({ id }) => id);
          return ledger.settle({ eventId, allocationIds: ids, unitsOf: [] }, ({ event, stock }) => {
            const left = stock.filter(({ available }) => available > 0);
            const deltas = left.map(({ position }) => ({ position, ...SOLD_ONE }));
            const moves = ids.map((id) => ({ id, from: "RELEASED", to: "COMMITTED" }) as const);
            return { change: { inserts: [], moves, deltas, fence: event.fence + 1n } };
          });
        }),
      );
    const updates = (await statementsOf(schema, settle)).filter((sql) => sql.startsWith("UPDATE"));
    for (const table of ["stock", "event", "allocation"]) {
      const ofTable = updates.filter((sql) => sql.startsWith(`UPDATE ${table} `));
      expect(
        ofTable.some((sql) => / OR |,X'/i.test(sql)),
        ofTable.join("\n"),
      ).to.equal(true);
      for (const statement of ofTable) {
        expect(await planFaults(schema.pool, statement)).to.deep.equal([]);
      }
    }
  });

  it("look a change of a capacity up", async () => {
    const capacityChangeId = randomUUID();
    const query = { eventId: eventIds[7] ?? "", allocationIds: [], unitsOf: [], capacityChangeId };
    const settle = () =>
      ledger.settle(query, () => ({ change: { inserts: [], moves: [], deltas: [] } }));
    expect(await faultsOf(schema, 3, settle)).to.deep.equal([]);
  });

  it("extend, sweep and audit by an index", async () => {
    const { id = "", eventId = "" } = allocations[0] ?? {};
    const extend = () => ledger.extend(id, new Date(noon), 7_200);
    expect(await faultsOf(schema, 2, extend)).to.deep.equal([]);
    const sweep = () =>
      ledger.findOrphans({ graceSeconds: 60, limit: 500, except: [randomUUID()] });
    expect(await faultsOf(schema, 1, sweep)).to.deep.equal([]);
    expect(await faultsOf(schema, 1, () => ledger.audit(eventId))).to.deep.equal([]);
    // The end of the table, and no more of it than is asked for.
    const [end, ...more] = await faultsOf(schema, 1, () => ledger.newestEventIds());
    expect(end).to.match(/^allocation is read by index \(PRIMARY\): .* LIMIT 10000\)/s);
    expect(more).to.deep.equal([]);
  });

  it("are seen to be bad when they are", async () => {
    for (const [sql, fault] of [
      ["SELECT id FROM event WHERE venue = 'Hall'", "event is read by ALL"],
      ["SELECT id FROM event ORDER BY venue LIMIT 5", "filesort"],
      ["SELECT COUNT(*) FROM event", "event is read by index"],
      ["SELECT seq FROM event ORDER BY start_time, seq LIMIT 5 OFFSET 900", "read by index"],
    ] as const) {
      expect((await planFaults(schema.pool, sql)).join("\n")).to.contain(fault);
    }
  });
});

describe("a few events", () => {
  const inventory = useInventory();

  it("are locked one by one, also when most of them are wanted at once", async () => {
    const { client, ledger, schema } = inventory;
    const made = await Promise.all(Array.from({ length: 30 }, () => createEvent(client, [5, 5])));
    const wanted = made.slice(10).map(({ eventId }) => eventId);
    const settle = () =>
      Promise.all(
        wanted.map((eventId) =>
          ledger.settle({ eventId, allocationIds: [], unitsOf: [] }, () => ({
            change: { inserts: [], moves: [], deltas: [] },
          })),
        ),
      );
    expect(await faultsOf(schema, 2, settle)).to.deep.equal([]);
  });
});

describe("a hot event's allocations, when they were last counted at its first one", () => {
  const schema = useMysql(SCHEMA);

  it("are read for the buyers who ask, and not for all the others", async () => {
    const { pool } = schema;
    const eventId = randomUUID();
    await pool.query(
      `INSERT INTO event (id, organiser_id, request_hash, name, venue, start_time, sales_open_time,
         sales_close_time, hold_seconds, max_per_user, currency, create_time)
       VALUES (?, ?, ?, 'Hot', 'Hall', NOW(3), NOW(3), NOW(3), 60, 4, 'EUR', NOW(3))`,
      [eventId, randomUUID(), randomUUID()].map(uuidToBytes),
    );
    const allocate = (buyers: readonly string[]) =>
      pool.query(
        `INSERT INTO allocation (id, event_id, user_id, state, content, units, total_minor,
           create_time, first_expire_time, expire_time)
         VALUES ${buyers.map(() => "(?, ?, ?, 1, '0:1', 1, 1, NOW(3), NOW(3), NOW(3))").join(", ")}`,
        buyers.flatMap((userId) => [randomUUID(), eventId, userId].map(uuidToBytes)),
      );
    const buyers = Array.from({ length: 3_000 }, () => randomUUID());
    await allocate(buyers.slice(0, 1));
    await pool.query("ANALYZE TABLE allocation");
    await pool.query("ALTER TABLE allocation STATS_AUTO_RECALC = 0");
    await allocate(buyers.slice(1));
    await pool.query("FLUSH TABLES allocation");

    const unitsOf = buyers.slice(0, 150);
    const query = { eventId, allocationIds: [randomUUID()], unitsOf };
    const statements = await statementsOf(schema, () =>
      new MysqlLedger(schema.source).settle(query, ({ unitsByUser }) => {
        expect(unitsOf.map((id) => unitsByUser.get(id))).to.deep.equal(unitsOf.map(() => 1));
        return { change: { inserts: [], moves: [], deltas: [] } };
      }),
    );
    const connection = await pool.getConnection();
    const steps = [];
    for (const statement of statements) {
      steps.push(await stepsOf(connection, statement));
    }
    connection.release();
    // A row of each buyer, the end of what he has, and the list itself.
    expect(Math.max(...steps)).to.be.within(unitsOf.length, 4 * unitsOf.length);
  });
});
