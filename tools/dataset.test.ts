import { uuidFromBytes } from "@tessera/service-kit/uuid";
import { expect } from "chai";
import { InfileWriter } from "./dataset/infile-writer.ts";
import { InsertWriter } from "./dataset/insert-writer.ts";
import { LoadMeter } from "./dataset/load-meter.ts";
import { KINDS, writeUuid } from "./dataset/mix.ts";
import { buyerOf, DatasetPlan, unitsPerUser } from "./dataset/plan.ts";
import { readArguments } from "./dataset/sizes.ts";

const DATE = Date.UTC(2030, 0, 1);

describe("the data set's plan", () => {
  it("gives every reservation to one event, in order", () => {
    const counts = { events: 3_000, users: 100, reservations: 10_007 };
    const plan = new DatasetPlan({ ...counts, seed: 3, dateMs: DATE });
    let total = 0;
    for (let event = 0; event < counts.events; event += 1) {
      const count = plan.countOf(event);
      expect(plan.firstOf(event)).to.equal(total);
      if (count > 0) {
        expect(plan.eventOf(total)).to.equal(event);
        expect(plan.eventOf(total + count - 1)).to.equal(event);
      }
      total += count;
    }
    expect(total).to.equal(counts.reservations);
  });

  for (const [users, count] of [
    [1_000, 1],
    [1_000, 20],
    [1_000, 900],
    [1_000, 1_000],
    [1_000, 25_000],
    [1, 3],
  ] as const) {
    it(`keeps everybody within the limit: ${count} reservations, ${users} users`, () => {
      for (const salt of [0, 1, 4_294_967_295, 123_456_789]) {
        const byUser = new Map<number, number>();
        for (let index = 0; index < count; index += 1) {
          const user = buyerOf(users, count, index, salt);
          expect(user).to.be.within(0, users - 1);
          byUser.set(user, (byUser.get(user) ?? 0) + 1);
        }
        // Four units a reservation, at most.
        expect(4 * Math.max(...byUser.values())).to.be.at.most(unitsPerUser(count, users));
      }
    });
  }

  it("refuses what no number of units a user would allow", () => {
    const spec = { events: 1, users: 1, reservations: 1_000, seed: 1, dateMs: DATE };
    expect(() => new DatasetPlan(spec)).to.throw("too many for 1 users");
  });

  it("makes ids that are UUIDs, in order, and never the same", () => {
    const seen = new Set<string>();
    const bytes = Buffer.alloc(16);
    let last = "";
    for (let n = 0; n < 2_000; n += 1) {
      for (const kind of Object.values(KINDS)) {
        writeUuid(bytes, 1, kind, n);
        const id = uuidFromBytes(bytes);
        expect(id).to.match(/^0000[0-9a-f]{4}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-.{12}$/);
        seen.add(id);
      }
      const id = uuidFromBytes(bytes);
      expect(id > last).to.equal(true);
      last = id;
    }
    expect(seen.size).to.equal(2_000 * Object.keys(KINDS).length);
  });
});

describe("writers of rows", () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const times = [0, 951_782_400_000, DATE - 1, 4_102_444_799_999, Date.UTC(2024, 1, 29, 23, 59)];

  it("write a file as LOAD DATA reads it", () => {
    const writer = new InfileWriter();
    writer.bytes(Buffer.from([0, 9, 10, 92, 65]));
    writer.number(0);
    writer.number(4_294_967_296);
    writer.number(7_000_000_080);
    writer.nothing();
    writer.text(Buffer.from("é"));
    writer.endRow();
    expect(writer.take().toString()).to.equal(
      "\\0\\\t\\\n\\\\A\t0\t4294967296\t7000000080\t\\N\té\n",
    );
    expect(writer.length).to.equal(0);
  });

  it("write rows as INSERT takes them", () => {
    const writer = new InsertWriter(["a + 1", "b"]);
    for (const n of [1, 20]) {
      writer.number(n);
      writer.bytes(all);
      writer.nothing();
      writer.text(Buffer.from("é"));
      writer.endRow();
    }
    const hex = all.toString("hex").toUpperCase();
    expect(writer.take().toString()).to.equal(
      `(1,X'${hex}',NULL,'é',a + 1,b),(20,X'${hex}',NULL,'é',a + 1,b)`,
    );
  });

  it("write times to the millisecond", () => {
    for (const ms of times) {
      const writer = new InfileWriter();
      writer.time(ms);
      writer.endRow();
      const text = new Date(ms).toISOString().replaceAll(/[-:T]/g, "").replace("Z", "\n");
      expect(writer.take().toString()).to.equal(text);
    }
  });
});

describe("the meter of a load", () => {
  it("tells rate and time left of what this run does, for the slower part", () => {
    let now = 0;
    const meter = new LoadMeter("rows", 1_000, () => now);
    expect(meter.line()).to.contain("0 of 1,000, 0 a second, …");
    meter.report("a", 400);
    meter.report("b", 200);
    now = 2_000;
    meter.report("a", 600);
    meter.report("b", 400);
    expect(meter.line()).to.contain("40 %").and.contain("400 of 1,000, 100 a second, 6 s left");
    meter.report("a", 1_000);
    meter.report("b", 1_000);
    expect(meter.line()).to.contain("100 %").and.contain("done");
    meter.note("building an index");
    expect(meter.line()).to.contain("building an index");
  });

  it("counts minutes", () => {
    let now = 0;
    const meter = new LoadMeter("rows", 1_000, () => now);
    meter.report("a", 0);
    now = 1_000;
    meter.report("a", 10);
    expect(meter.line()).to.contain("1 min 39 s left");
  });
});

describe("the arguments of npm run dataset", () => {
  it("name a size, whose counts may be replaced", () => {
    const wish = readArguments(["--size", "medium", "--users", "7", "--date", "2030-01-01"], {});
    expect(wish?.counts).to.deep.equal({ events: 1_000_000, users: 7, reservations: 3_000_000 });
    expect(wish?.dateMs).to.equal(DATE);
    expect(wish?.url).to.equal(undefined);
    expect(readArguments([], { MYSQL_URL: "mysql://a" })?.url).to.equal("mysql://a");
    expect(readArguments([], { MYSQL_URL: "" })?.url).to.equal(undefined);
    expect(readArguments(["--help"], {})).to.equal(undefined);
  });

  for (const args of [
    ["--size", "huge"],
    ["--events", "0"],
    ["--events", "1.5"],
    ["--users", "many"],
    ["--date", "tomorrow"],
    ["--date", "1999-01-01"],
    ["--method", "magic"],
    ["--url", "localhost:3306"],
    ["--prefix", "a`b"],
    ["--what"],
  ]) {
    it(`refuse ${args.join(" ")}`, () => {
      expect(() => readArguments(args, {})).to.throw(args[0] ?? "");
    });
  }
});
