import { randomUUID } from "node:crypto";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ListEventsRequest_Sort as Sort } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import type { RowDataPacket } from "mysql2/promise";
import type { EventQuery } from "../src/app/event-store.ts";
import { listQuery } from "../src/mysql/list-query.ts";
import { useInventory } from "./use-inventory.ts";

/** Every tenth event has the same times, every third the same name. */
const COUNT = 900;
const NAMES = [
  ...["100% Jazz", "100 Jazz", "Ärger_im Büro", "Arger im Buro", "Back!slash", "b\\ack"],
  ...["Salsa", "salsa🔥 Night", "Salsa\u2028Night", "🔥🔥", "💃🔥"],
];

describe("ListEvents", () => {
  const inventory = useInventory();
  const time = Date.UTC(2030, 0, 5);
  const startFrom = new Date(time);

  before(async () => {
    const { pool } = inventory.schema;
    const events = Array.from({ length: COUNT }, (_, index) => ({
      id: uuidToBytes(randomUUID()),
      name: index < NAMES.length ? NAMES[index] : index % 3 === 0 ? "Same" : `Event ${index}`,
      time: new Date(Date.UTC(2030, 0, 1 + (index % 10))),
    }));
    await pool.query(
      `INSERT INTO event (id, organiser_id, request_hash, name, venue, start_time,
        sales_open_time, sales_close_time, hold_seconds, max_per_user, currency, create_time)
       VALUES ?`,
      [
        events.map(({ id, name, time }) => {
          return [id, id, id, name, "Hall", time, time, time, 600, 8, "EUR", time];
        }),
      ],
    );
    await pool.query(
      "INSERT INTO stock (event_id, position, id, name, price_minor, capacity, available) VALUES ?",
      [
        events.flatMap(({ id }) =>
          [1, 0].map((position) => [
            id,
            position,
            uuidToBytes(randomUUID()),
            `Type ${position}`,
            100,
            5,
            5,
          ]),
        ),
      ],
    );
    await pool.query("ANALYZE TABLE event");
  });

  /** All pages of a list. */
  async function walk(request: {
    sort?: Sort;
    namePrefix?: string;
    startTimeFrom?: Timestamp;
    pageSize: number;
  }) {
    const events = [];
    let pageToken = "";
    let pages = 0;
    do {
      const page = await inventory.client.listEvents({ ...request, pageToken });
      expect(page.events.length).to.be.at.most(request.pageSize);
      events.push(...page.events);
      pageToken = page.nextPageToken;
      pages += 1;
    } while (pageToken !== "");
    return { events, pages };
  }

  for (const [name, key, direction] of [
    ["UNSPECIFIED", "startTime", 1],
    ["START_TIME", "startTime", 1],
    ["CREATE_TIME_DESC", "createTime", -1],
  ] as const) {
    it(`walks all events by ${name}, ties included, none twice`, async () => {
      const { events, pages } = await walk({ sort: Sort[name], pageSize: 100 });
      expect(pages).to.equal(9);
      expect(new Set(events.map(({ id }) => id)).size).to.equal(COUNT);
      const times = events.map((event) => Number(event[key]?.seconds) * direction);
      expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    });
  }

  it("walks all events by name, ties included, none twice", async () => {
    const { events } = await walk({ sort: Sort.NAME, pageSize: 37 });
    expect(new Set(events.map(({ id }) => id)).size).to.equal(COUNT);
    const names = events.map(({ name }) => name);
    expect(names.filter((name) => name === "Same")).to.have.length(296);
    expect(names.lastIndexOf("Same") - names.indexOf("Same")).to.equal(295);
  });

  it("walks the events from a time on, the first of them included, none twice", async () => {
    const startTimeFrom = timestampFromMs(time);
    const { events, pages } = await walk({ startTimeFrom, pageSize: 100 });
    expect(pages).to.equal(6);
    expect(new Set(events.map(({ id }) => id)).size).to.equal((COUNT / 10) * 6);
    const times = events.map(({ startTime }) => (startTime ? timestampMs(startTime) : 0));
    expect(times[0]).to.equal(time);
    expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    const after = await walk({ startTimeFrom: timestampFromMs(time + 1), pageSize: 100 });
    expect(after.events).to.have.length((COUNT / 10) * 5);
    const none = await walk({ startTimeFrom: timestampFromMs(Date.UTC(2031)), pageSize: 100 });
    expect(none.events).to.deep.equal([]);
  });

  it("goes on only where the same list ended", async () => {
    const { client } = inventory;
    const from = (ms: number) => ({ startTimeFrom: timestampFromMs(ms), pageSize: 1 });
    const { nextPageToken: pageToken } = await client.listEvents(from(time));
    expect((await client.listEvents({ ...from(time), pageToken })).events).to.have.length(1);
    for (const other of [from(time + 1), { pageSize: 1 }]) {
      const failure = await failureOf(client.listEvents({ ...other, pageToken }));
      expect(failure).to.include({ reason: "INVALID_PAGE_TOKEN" });
    }
  });

  it("gives each event its ticket types, in its order", async () => {
    const { events } = await inventory.client.listEvents({ pageSize: 5 });
    for (const { ticketTypes } of events) {
      expect(ticketTypes.map(({ name }) => name)).to.deep.equal(["Type 0", "Type 1"]);
    }
  });

  for (const [namePrefix, names] of [
    ["100", ["100 Jazz", "100% Jazz"]],
    ["100%", ["100% Jazz"]],
    ["100_", []],
    ["ARGER", ["Arger im Buro", "Ärger_im Büro"]],
    ["A\u0308rger", ["Arger im Buro", "Ärger_im Büro"]],
    ["ärger_", ["Ärger_im Büro"]],
    ["back!", ["Back!slash"]],
    ["B\\", ["b\\ack"]],
    ["salsa", ["Salsa", "salsa🔥 Night", "Salsa\u2028Night"]],
    ["Salsa🔥", ["salsa🔥 Night"]],
    ["🔥", ["🔥🔥"]],
    ["' OR 1=1 -- ", []],
  ] as const) {
    it(`finds ${names.length} names that begin with ${namePrefix}`, async () => {
      const { events } = await walk({ namePrefix, pageSize: 1 });
      expect(events.map(({ name }) => name).sort()).to.deep.equal([...names].sort());
    });
  }

  it("pages within a prefix", async () => {
    const { events, pages } = await walk({ namePrefix: "sam", pageSize: 100 });
    expect(events).to.have.length(296);
    expect(pages).to.equal(3);
  });

  it("has 20 events on a page unless told otherwise, and 100 at most", async () => {
    const { client } = inventory;
    expect((await client.listEvents({})).events).to.have.length(20);
    expect((await client.listEvents({ pageSize: 5000 })).events).to.have.length(100);
  });

  it("refuses a page token of another order or prefix, which would skip events", async () => {
    const { client } = inventory;
    const first = { sort: Sort.NAME, namePrefix: "sam", pageSize: 1 };
    const { nextPageToken: pageToken } = await client.listEvents(first);
    expect((await client.listEvents({ ...first, pageToken })).events).to.have.length(1);
    for (const other of [
      { namePrefix: "sa", pageToken },
      { namePrefix: "", pageToken },
      { sort: Sort.START_TIME, namePrefix: "", pageToken },
    ]) {
      const failure = await failureOf(client.listEvents({ ...first, ...other }));
      expect(failure.reason).to.equal("INVALID_PAGE_TOKEN");
    }
  });

  it("refuses what it cannot do, and names the field", async () => {
    const { client } = inventory;
    const startTimeFrom = timestampFromMs(time);
    for (const [field, call] of [
      ["page_size", client.listEvents({ pageSize: -1 })],
      ["sort", client.listEvents({ sort: 17 as Sort })],
      ["sort", client.listEvents({ sort: Sort.START_TIME, namePrefix: "a" })],
      ["name_prefix", client.listEvents({ namePrefix: "x".repeat(101) })],
      // Normalized, it would block the process for as long as a test may take.
      ["name_prefix", client.listEvents({ namePrefix: `x${"\u0315\u0300".repeat(200_000)}` })],
      ["name_prefix", client.listEvents({ namePrefix: "\u0000" })],
      ["start_time_from", client.listEvents({ startTimeFrom: timestampFromMs(-1) })],
      ["start_time_from", client.listEvents({ startTimeFrom, namePrefix: "a" })],
      ["start_time_from", client.listEvents({ startTimeFrom, sort: Sort.NAME })],
      ["start_time_from", client.listEvents({ startTimeFrom, sort: Sort.CREATE_TIME_DESC })],
    ] as const) {
      expect(await failureOf(call)).to.nested.include({
        reason: "INVALID_FIELD",
        "metadata.field": field,
      });
    }
  });

  /** How many index entries a statement walks over. */
  async function rowsRead(sql: string, values: unknown[]): Promise<number> {
    const connection = await inventory.schema.pool.getConnection();
    const steps = async () => {
      const [rows] = await connection.query<RowDataPacket[]>("SHOW SESSION STATUS");
      return rows
        .filter(({ Variable_name }) => /^Handler_read_(next|prev)$/.test(Variable_name))
        .reduce((sum, { Value }) => sum + Number(Value), 0);
    };
    const before = await steps();
    await connection.query(sql, values);
    const after = await steps();
    connection.release();
    return after - before;
  }

  const queries: [string, EventQuery][] = [
    ["event_start", { sort: "startTime", namePrefix: "", after: undefined, limit: 21 }],
    ["event_start", { sort: "startTime", namePrefix: "", after: [time, 500], limit: 21 }],
    ["event_start", { sort: "startTime", namePrefix: "", startFrom, after: undefined, limit: 21 }],
    [
      "event_start",
      { sort: "startTime", namePrefix: "", startFrom, after: [time, 500], limit: 21 },
    ],
    ["event_name", { sort: "name", namePrefix: "", after: undefined, limit: 21 }],
    ["event_name", { sort: "name", namePrefix: "", after: ["Same", 500], limit: 21 }],
    ["event_name", { sort: "name", namePrefix: "Sa", after: undefined, limit: 21 }],
    ["event_name", { sort: "name", namePrefix: "Sa", after: ["Same", 500], limit: 21 }],
    ["event_created", { sort: "createTimeDesc", namePrefix: "", after: undefined, limit: 21 }],
    ["event_created", { sort: "createTimeDesc", namePrefix: "", after: [time, 500], limit: 21 }],
  ];
  for (const [index, query] of queries) {
    const { limit, ...which } = query;
    it(`walks ${index} for ${JSON.stringify(which)}`, async () => {
      const { sql, values } = listQuery(query);
      const { pool } = inventory.schema;
      const [plan] = await pool.query<RowDataPacket[]>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, values);
      expect(plan).to.have.length(1);
      expect(plan[0]?.key).to.equal(index);
      const isWhole = !which.after && !which.startFrom && which.namePrefix === "";
      expect(plan[0]?.type).to.equal(isWhole ? "index" : "range");
      expect(String(plan[0]?.Extra)).not.to.match(/filesort|temporary/);
      // Ties included: a third of the names are the same, and a tenth of the times.
      expect(await rowsRead(sql, values)).to.be.at.most(limit);
    });
  }
});
