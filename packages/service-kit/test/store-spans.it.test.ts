import { mysqlUrl } from "@tessera/testkit/mysql";
import { redisUrl } from "@tessera/testkit/redis";
import { expect } from "chai";
import { Redis } from "ioredis";
import { createPool, type Pool, type RowDataPacket } from "mysql2/promise";
import { inSpan } from "../src/span.ts";
import { SECRET, useTracing } from "./use-tracing.ts";

describe("spans of stores", () => {
  const traced = useTracing();
  let pool: Pool;
  let redis: Redis;
  before(async () => {
    pool = createPool({ uri: mysqlUrl(), connectionLimit: 1, multipleStatements: true });
    redis = new Redis(redisUrl(), { lazyConnect: true });
    await redis.connect();
  });
  after(async () => {
    await pool.end();
    redis.disconnect();
  });

  it("names statements and commands by their words, never by what is in them", async () => {
    const span = traced.root();
    await inSpan(span, async () => {
      await pool.query(`START TRANSACTION;\n SELECT '${SECRET}; SELECT 1';\nCOMMIT`);
      await pool.execute("SELECT ? AS email", [SECRET]);
      await pool.query(`SELECT '${SECRET}' FROM nowhere_${Date.now()}`).catch(() => undefined);
      await redis.set(SECRET, SECRET, "PX", 1);
      await redis.eval("return redis.error_reply(KEYS[1])", 1, SECRET).catch(() => undefined);
    });
    await pool.query("SELECT 1");
    await redis.ping();
    span.end();
    const spans = await traced.exported(span, 6);
    const told = spans.map(({ name, kind, attributes }) => [
      name,
      kind,
      attributes["db.system.name"],
      attributes["db.operation.name"],
      attributes["error.type"],
    ]);
    expect(told).to.deep.equal([
      ["START TRANSACTION SELECT COMMIT", "client", "mysql", "BATCH", undefined],
      ["SELECT", "client", "mysql", "SELECT", undefined],
      ["SELECT", "client", "mysql", "SELECT", "ER_NO_DB_ERROR"],
      ["SET", "client", "redis", "SET", undefined],
      ["EVAL", "client", "redis", "EVAL", "ReplyError"],
      ["root", "server", undefined, undefined, undefined],
    ]);
    expect(spans.map(({ text }) => text).join()).not.to.include(SECRET);
  });

  it("gives a statement that waited for a connection to whoever asked for it", async () => {
    const [ann, ben] = [traced.root("ann"), traced.root("ben")];
    const sleep = "SELECT SLEEP(0.05)";
    await Promise.all([
      inSpan(ann, () => pool.query<RowDataPacket[]>(sleep)),
      inSpan(ben, () => pool.query<RowDataPacket[]>(sleep)),
      pool.query<RowDataPacket[]>(sleep),
    ]);
    ann.end();
    ben.end();
    for (const span of [ann, ben]) {
      const spans = await traced.exported(span, 2);
      expect(spans.map(({ name }) => name)).to.deep.equal(["SELECT", span === ann ? "ann" : "ben"]);
    }
  });
});
