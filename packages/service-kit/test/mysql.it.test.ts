import { createSchema, type EmptySchema } from "@tessera/testkit/mysql";
import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import type { Pool, RowDataPacket } from "mysql2/promise";
import { type DataSource, EntitySchema, type MigrationInterface, type QueryRunner } from "typeorm";
import { Random } from "../../../test/prove/random.ts";
import { TcpLink } from "../../../test/prove/world/tcp-link.ts";
import {
  checkMysql,
  inTransaction,
  migrate,
  openMysql,
  poolOf,
  withConnection,
} from "../src/mysql.ts";
import { isDuplicate } from "../src/mysql-failure.ts";
import { ServiceError } from "../src/service-error.ts";

const NoteTable = new EntitySchema({
  name: "note",
  tableName: "note",
  columns: { id: { type: "int", primary: true }, text: { type: "varchar", length: 20 } },
});

class Notes1760000000000 implements MigrationInterface {
  name = "Notes1760000000000";
  async up(runner: QueryRunner): Promise<void> {
    // No IF NOT EXISTS: a second runner that did not take its turn would fail here.
    await runner.query("CREATE TABLE note (id INT PRIMARY KEY, text VARCHAR(20) NOT NULL)");
    await runner.query("SELECT SLEEP(0.1)");
  }
  async down(): Promise<void> {}
}

describe("a MySQL pool", () => {
  let url = "";
  let type: EmptySchema["type"];
  let drop: (() => Promise<void>) | undefined;
  const sources: DataSource[] = [];

  before(async () => {
    ({ url, type, drop } = await createSchema());
  });
  after(async () => {
    await Promise.all(sources.map((source) => source.destroy()));
    await drop?.();
  });

  async function open(poolSize: number, maxWaiting = 10): Promise<DataSource> {
    const schema = { entities: [NoteTable], migrations: [Notes1760000000000] };
    const source = await openMysql({ ...schema, url, type, poolSize, maxWaiting });
    sources.push(source);
    return source;
  }

  it("is migrated once by two runners at the same time", async () => {
    const [one, other] = await Promise.all([open(3), open(3)]);
    const done = await Promise.all([migrate(one), migrate(other)]);
    expect(done.flat()).to.deep.equal(["Notes1760000000000"]);
    expect(await migrate(one)).to.deep.equal([]);
  });

  it("reads what was committed, waits 1 s for a lock and is strict, on every connection", async () => {
    const source = await open(2);
    const pool = poolOf(source);
    await migrate(source);
    const seen = await Promise.all([settingsOf(pool), settingsOf(pool)]);
    expect(new Set(seen.map(({ id }) => id))).to.have.property("size", 2);
    for (const { id: _id, ...settings } of seen) {
      expect(settings).to.deep.equal({
        ...{ level: "READ-COMMITTED", lockSeconds: "1", idleSeconds: "60", isStrict: true },
      });
    }
  });

  it("commits what resolves and rolls back what throws", async () => {
    const pool = poolOf(await open(2));
    const refusal = new ServiceError("SOLD_OUT", "gone");
    await inTransaction(pool, (connection) =>
      connection.query("INSERT INTO note VALUES (1, 'kept')"),
    );
    for (const failure of [refusal, new TypeError("a bug")]) {
      const reason = await rejectionOf(
        inTransaction(pool, async (connection) => {
          await connection.query("INSERT INTO note VALUES (2, 'lost')");
          throw failure;
        }),
      );
      expect(reason).to.equal(failure);
    }
    const [rows] = await pool.query<RowDataPacket[]>("SELECT id FROM note");
    expect(rows.map(({ id }) => id)).to.deep.equal([1]);
  });

  it("gives back a connection that refused, and closes one that failed", async () => {
    const pool = poolOf(await open(1));
    const idOf = () => settingsOf(pool).then(({ id }) => id);
    const first = await idOf();
    const refuse = () => Promise.reject(new ServiceError("SOLD_OUT", "gone"));
    await rejectionOf(withConnection(pool, refuse));
    expect(await idOf()).to.equal(first);
    await rejectionOf(withConnection(pool, () => Promise.reject(new Error("a bug"))));
    expect(await idOf()).not.to.equal(first);
  });

  describe("behind a network", () => {
    let link: TcpLink;
    let source: DataSource;
    const statement = { sql: "SELECT SLEEP(0.05)", timeout: 1_000 };
    const work = () => withConnection(poolOf(source), (connection) => connection.query(statement));

    beforeEach(async () => {
      link = await TcpLink.open({
        targets: () => [Number(new URL(url).port)],
        random: new Random(1),
      });
      const through = new URL(url);
      through.host = link.address;
      const schema = { entities: [NoteTable], migrations: [] };
      const options = { ...schema, url: through.href, type, poolSize: 4, maxWaiting: 10 };
      source = await openMysql(options);
      await Promise.all(Array.from({ length: 4 }, work));
    });
    afterEach(() => link.close());

    // As when the database's host vanishes and its name leads to another one: nothing ends them.
    it("takes one time-out for all connections that were lost in silence", async () => {
      sources.push(source);
      link.impair({ kind: "strand" });
      expect(await rejectionOf(work())).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
      await Promise.all(Array.from({ length: 4 }, work));
    });

    it("is ready while connections are lost in silence, and keeps none of them", async () => {
      sources.push(source);
      link.impair({ kind: "strand" });
      await Promise.all(Array.from({ length: 4 }, () => checkMysql(source)));
      await Promise.all(Array.from({ length: 4 }, work));
    });

    it("tells whoever waits for a silent server while the pool is being closed", async () => {
      link.impair({ kind: "strand" });
      const connected = Promise.withResolvers<void>();
      const waiting = rejectionOf(
        withConnection(poolOf(source), (connection) => {
          connected.resolve();
          return connection.query(statement);
        }),
      );
      await connected.promise;
      // It does not end: it waits for a farewell of each connection.
      void source.destroy().catch(() => undefined);
      expect(await waiting).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    });
  });

  it("tells a duplicate from other failures", async () => {
    const pool = poolOf(await open(1));
    await pool.query("REPLACE INTO note VALUES (7, 'first')");
    const twice = () =>
      inTransaction(pool, (connection) => connection.query("INSERT INTO note VALUES (7, 'x')"));
    expect(isDuplicate(await rejectionOf(twice()))).to.equal(true);
    expect(isDuplicate(new Error("ER_DUP_ENTRY"))).to.equal(false);
  });

  it("says DEPENDENCY_UNAVAILABLE when no connection comes free in time", async () => {
    const pool = poolOf(await open(1));
    const gate = Promise.withResolvers<void>();
    const holding = withConnection(pool, () => gate.promise);
    const reason = await rejectionOf(withConnection(pool, () => Promise.resolve()));
    expect(reason).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    gate.resolve();
    await holding;
    // The connection that came too late went back to the pool.
    await withConnection(pool, (connection) => connection.query("SELECT 1"));
  });

  it("says DEPENDENCY_UNAVAILABLE at once when too many wait", async () => {
    const pool = poolOf(await open(1, 1));
    const gate = Promise.withResolvers<void>();
    const holding = withConnection(pool, () => gate.promise);
    const waiting = withConnection(pool, () => Promise.resolve("served"));
    const reason = await rejectionOf(withConnection(pool, () => Promise.resolve()));
    expect(reason).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    gate.resolve();
    await holding;
    expect(await waiting).to.equal("served");
  });

  it("holds nobody up when the database falls silent", async () => {
    const pool = poolOf(await open(1));
    const silent = withConnection(pool, (connection) => connection.query("SELECT SLEEP(30)"), {
      timeoutMs: 50,
    });
    expect(await rejectionOf(silent)).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    await withConnection(pool, (connection) => connection.query("SELECT 1"));
  });

  for (const { what, numbers, text } of [
    { what: "while the server's disk is full", numbers: [1021, 1026, 1114], text: "Full" },
    { what: "when the server lets its user in no more", numbers: [1203, 1226], text: "Enough" },
    { what: "when a statement is ended", numbers: [1317], text: "Query was interrupted" },
    { what: "when its connection is ended", numbers: [1927], text: "Connection was killed" },
  ]) {
    it(`says DEPENDENCY_UNAVAILABLE ${what}`, async () => {
      const pool = poolOf(await open(1));
      for (const number of numbers) {
        const refusal = `SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = ${number}, MESSAGE_TEXT = '${text}'`;
        const reason = await rejectionOf(
          withConnection(pool, (connection) => connection.query(refusal)),
        );
        expect(reason, String(number)).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
      }
    });
  }

  it("says DEPENDENCY_UNAVAILABLE when the server ends the connection", async () => {
    const [pool, killer] = [poolOf(await open(1)), poolOf(await open(1))];
    const { id } = await settingsOf(pool);
    const idle = withConnection(pool, async (connection) => {
      await killer.query(`KILL CONNECTION ${id}`);
      await connection.query("SELECT 1");
    });
    expect(await rejectionOf(idle)).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    const next = await settingsOf(pool);
    const busy = rejectionOf(
      withConnection(pool, (connection) => connection.query("SELECT SLEEP(20)")),
    );
    await killer.query(`KILL CONNECTION ${next.id}`);
    expect(await busy).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    await withConnection(pool, (connection) => connection.query("SELECT 1"));
  });

  it("is ready while all its connections are busy, and as many wait for one as may", async () => {
    const source = await open(1, 1);
    const gate = Promise.withResolvers<void>();
    const holding = withConnection(poolOf(source), () => gate.promise);
    await checkMysql(source);
    // What gave up waiting is still in the pool's queue.
    await checkMysql(source);
    gate.resolve();
    await holding;
  });

  it("is ready while it answers, and not once it is closed", async () => {
    const source = await open(1);
    await checkMysql(source);
    await source.destroy();
    sources.splice(sources.indexOf(source), 1);
    const closed = { driver: source.driver } as DataSource;
    const reason = await rejectionOf(Promise.resolve().then(() => checkMysql(closed)));
    expect(reason).to.be.instanceOf(Error);
  });

  it("does not wait for a schema that the server refuses", async () => {
    const wrong = new URL(url);
    wrong.pathname = "/no_such_schema";
    const opening = openMysql({
      url: wrong.href,
      type,
      poolSize: 1,
      maxWaiting: 1,
      entities: [],
      migrations: [],
    });
    expect(await rejectionOf(opening))
      .to.have.property("message")
      .that.matches(/MYSQL_URL/);
  });
});

/** A connection's number, and what it was told when it was opened. */
async function settingsOf(pool: Pool) {
  return await withConnection(pool, async (connection) => {
    const [ids] = await connection.query<RowDataPacket[]>("SELECT CONNECTION_ID() AS id");
    const [settings] = await connection.query<RowDataPacket[]>(
      `SHOW SESSION VARIABLES WHERE Variable_name IN
         ('tx_isolation', 'transaction_isolation', 'innodb_lock_wait_timeout', 'wait_timeout', 'sql_mode')`,
    );
    const settingOf = (name: RegExp) =>
      settings.find(({ Variable_name }) => name.test(Variable_name))?.Value;
    return {
      id: ids[0]?.id,
      level: settingOf(/isolation/),
      lockSeconds: settingOf(/lock_wait/),
      idleSeconds: settingOf(/^wait_timeout/),
      isStrict: settingOf(/sql_mode/).includes("STRICT_TRANS_TABLES"),
    };
  });
}
