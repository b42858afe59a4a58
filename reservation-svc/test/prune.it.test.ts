import { randomUUID } from "node:crypto";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { useMysql } from "@tessera/testkit/mysql";
import { expect } from "chai";
import { createPool, type Pool, type RowDataPacket } from "mysql2/promise";
import { prune } from "../src/app/prune.ts";
import { MysqlPrune } from "../src/mysql/mysql-prune.ts";
import { SCHEMA } from "../src/mysql/schema.ts";

describe("pruning", () => {
  const schema = useMysql(SCHEMA);
  const id = () => uuidToBytes(randomUUID());

  async function insert(ageDays: number, count: number): Promise<void> {
    const time = new Date(Date.now() - ageDays * 24 * 60 * 60 * 1000);
    const some = Array.from({ length: count });
    await schema.pool.query(
      "INSERT INTO request_key (key_id, reservation_id, body_hash, create_time) VALUES ?",
      [some.map(() => [id(), id(), id(), time])],
    );
    await schema.pool.query("INSERT INTO outbox (reservation_id, payload, create_time) VALUES ?", [
      some.map(() => [id(), "{}", time]),
    ]);
  }

  async function count(table: "request_key" | "outbox"): Promise<number> {
    const [rows] = await schema.pool.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
    return Number(rows[0]?.n);
  }

  /** Rows that a pool's one connection has read. */
  async function rowsRead(one: Pool): Promise<number> {
    const [rows] = await one.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Handler_read%'");
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
  }

  it("forgets what is old, in as many batches as it takes, and no move that is not published", async () => {
    await insert(8, 2_500);
    await insert(6, 10);
    const store = new MysqlPrune(schema.pool);
    await prune(store, 7, () => false);
    expect(await count("request_key")).to.equal(10);
    expect(await count("outbox")).to.equal(2_510);

    await schema.pool.query("UPDATE outbox_cursor SET seq = (SELECT MAX(seq) FROM outbox)");
    await prune(store, 7, () => false);
    expect(await count("outbox")).to.equal(10);
  });

  describe("of a table that is full of what is still young", () => {
    const pool = () =>
      createPool({ uri: schema.url, connectionLimit: 1, multipleStatements: true });
    before(async () => {
      await schema.pool.query("DELETE FROM outbox");
      await schema.pool.query("DELETE FROM request_key");
      await insert(8, 30);
      await insert(6, 3_000);
      await schema.pool.query("UPDATE outbox_cursor SET seq = (SELECT MAX(seq) FROM outbox)");
    });

    it("reads a batch of it, not all", async () => {
      await using one = pool();
      expect(await new MysqlPrune(one).prune(7, 100)).to.be.at.least(30);
      const read = await rowsRead(one);
      expect(await new MysqlPrune(one).prune(7, 100)).to.equal(0);
      expect((await rowsRead(one)) - read).to.be.within(100, 400);
    });

    it("does not wait for the relay, which has the cursor", async () => {
      const relay = await schema.pool.getConnection();
      try {
        await relay.query("START TRANSACTION");
        await relay.query("SELECT seq FROM outbox_cursor WHERE id = 1 FOR UPDATE");
        expect(await new MysqlPrune(schema.pool).prune(7, 100)).to.equal(0);
      } finally {
        await relay.query("ROLLBACK");
        relay.release();
      }
    });
  });

  it("leaves what gets too old meanwhile to the next time", async () => {
    let rounds = 0;
    const store = {
      prune: async (_days: number, limit: number) => {
        rounds += 1;
        return rounds === 1 ? limit : 5;
      },
    };
    await prune(store, 7, () => rounds === 10);
    expect(rounds).to.equal(2);
  });

  it("stops when it is told to", async () => {
    await insert(8, 1_500);
    let rounds = 0;
    await prune(new MysqlPrune(schema.pool), 7, () => {
      rounds += 1;
      return rounds > 1;
    });
    expect(await count("request_key")).to.equal(510);
  });
});
