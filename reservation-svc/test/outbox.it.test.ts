import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { useMysql } from "@tessera/testkit/mysql";
import { useOwnRedis } from "@tessera/testkit/processes";
import { expect } from "chai";
import type { Redis } from "ioredis";
import type { Connection, ResultSetHeader } from "mysql2/promise";
import { type OutboxRow, relayOutbox } from "../src/app/relay-outbox.ts";
import { GAP_LOOKS, MysqlOutbox } from "../src/mysql/mysql-outbox.ts";
import { SCHEMA } from "../src/mysql/schema.ts";
import { connectRedis } from "../src/redis/connect.ts";
import { RedisEventStream, STREAM } from "../src/redis/redis-event-stream.ts";

describe("MysqlOutbox", () => {
  const schema = useMysql(SCHEMA);
  const published: OutboxRow[] = [];
  const publish = async (rows: readonly OutboxRow[]) => void published.push(...rows);

  beforeEach(async () => {
    await drain(new MysqlOutbox(schema.pool));
    published.length = 0;
  });

  async function drain(outbox: MysqlOutbox): Promise<void> {
    const deadline = Date.now() + 15_000;
    const [rows] = await schema.pool.query<ResultSetHeader & { last: number | null }[]>(
      "SELECT MAX(seq) AS last FROM outbox",
    );
    const last = Number(rows[0]?.last ?? 0);
    while ((await cursor()) < last && Date.now() < deadline) {
      await outbox.advance(500, publish).catch(() => undefined);
      await setTimeout(20);
    }
  }

  async function cursor(): Promise<number> {
    const [rows] = await schema.pool.query<ResultSetHeader & { seq: number }[]>(
      "SELECT seq FROM outbox_cursor",
    );
    return Number(rows[0]?.seq);
  }

  /** Writes a move; returns its sequence number. */
  async function insert(
    connection: Pick<Connection, "query"> = schema.pool,
    id: string = randomUUID(),
  ): Promise<number> {
    const [{ insertId }] = await connection.query<ResultSetHeader>(
      "INSERT INTO outbox (reservation_id, payload, create_time) VALUES (UNHEX(?), ?, UTC_TIMESTAMP(3))",
      [id.replaceAll("-", ""), `{"id":"${id}"}`],
    );
    return Number(insertId);
  }

  /** Makes a move one of a minute and a half before. */
  async function makeOlder(seq: number): Promise<void> {
    const older = "UPDATE outbox SET create_time = create_time - INTERVAL 90 SECOND WHERE seq = ?";
    await schema.pool.query(older, [seq]);
  }

  const seqs = () => published.map(({ seq }) => seq);

  it("hands rows out in order, each once, and says how old the oldest was", async () => {
    const id = randomUUID();
    const made = [await insert(schema.pool, id), await insert(), await insert()];
    const outbox = new MysqlOutbox(schema.pool);
    const first = await outbox.advance(2, publish);
    expect(first).to.have.property("published", 2);
    expect(first).to.have.property("lagMs").that.is.at.least(0);
    expect(await outbox.advance(2, publish)).to.have.property("published", 1);
    expect(await outbox.advance(2, publish)).to.deep.equal({
      isBusy: false,
      published: 0,
      lagMs: 0,
    });
    expect(seqs()).to.deep.equal(made);
    expect(published[0]).to.deep.include({ reservationId: id, payload: `{"id":"${id}"}` });
  });

  it("keeps its place while the stream is down, and loses nothing", async () => {
    const made = [await insert(), await insert()];
    const before = await cursor();
    const outbox = new MysqlOutbox(schema.pool);
    const failure = await outbox
      .advance(500, () => Promise.reject(new Error("stream down")))
      .catch((reason: Error) => reason.message);
    expect(failure).to.equal("stream down");
    expect(await cursor()).to.equal(before);
    // The server may still be ending the failed transaction: the next relay is told busy then.
    await drain(outbox);
    expect(seqs()).to.deep.equal(made);
  });

  it("tells how old the oldest is while the stream is down", async () => {
    await makeOlder(await insert());
    const outbox = new MysqlOutbox(schema.pool);
    const stream = { publish: () => Promise.reject(new Error("stream down")) };
    const batches: { published: number; lagSeconds: number }[] = [];
    const onBatch = (batch: { published: number; lagSeconds: number }) => batches.push(batch);
    const relay = relayOutbox({ outbox, stream, batchSize: 500, onBatch }, () => false);
    expect(await relay.catch((reason: Error) => reason.message)).to.equal("stream down");
    expect(batches).to.have.length(1);
    expect(batches[0]).to.include({ published: 0 });
    expect(batches[0]?.lagSeconds).to.be.within(89, 120);
    await drain(outbox);
  });

  it("tells how old the oldest is while somebody keeps the cursor", async () => {
    await makeOlder(await insert());
    const other = await schema.pool.getConnection();
    await other.query("START TRANSACTION");
    await other.query("SELECT seq FROM outbox_cursor FOR UPDATE");
    const batches: { published: number; lagSeconds: number }[] = [];
    await relayOutbox(
      {
        outbox: new MysqlOutbox(schema.pool),
        stream: { publish },
        batchSize: 500,
        onBatch: (batch) => batches.push(batch),
      },
      () => false,
    );
    await other.query("ROLLBACK");
    other.release();
    expect(batches).to.have.length(1);
    expect(batches[0]).to.include({ published: 0 });
    expect(batches[0]?.lagSeconds).to.be.within(89, 120);
    await drain(new MysqlOutbox(schema.pool));
  });

  it("lets one relay work at a time: the other is told busy", async () => {
    await insert();
    const [one, other] = [new MysqlOutbox(schema.pool), new MysqlOutbox(schema.pool)];
    const reached = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const working = one.advance(500, async (rows) => {
      reached.resolve();
      await release.promise;
      await publish(rows);
    });
    await reached.promise;
    expect(await other.advance(500, publish)).to.include({ isBusy: true, published: 0 });
    const batches: number[] = [];
    const onBatch = (batch: { published: number }) => batches.push(batch.published);
    const stream = { publish };
    await relayOutbox({ outbox: other, stream, batchSize: 500, onBatch }, () => false);
    expect(batches).to.deep.equal([0]);
    release.resolve();
    await working;
    expect(published).to.have.length(1);
  });

  it("does not pass a number whose transaction is still open", async () => {
    const open = await schema.pool.getConnection();
    const outbox = new MysqlOutbox(schema.pool);
    const before = await insert();
    await open.query("START TRANSACTION");
    const late = await insert(open);
    const after = await insert();
    expect(late).to.be.within(before, after);
    // What comes before the gap does not wait for it.
    await outbox.advance(500, publish);
    expect(seqs()).to.deep.equal([before]);
    const waiting = outbox.advance(500, publish).catch(() => undefined);
    await open.query("COMMIT");
    open.release();
    await waiting;
    await drain(outbox);
    expect(seqs()).to.deep.equal([before, late, after]);
  });

  it("does not pass an open transaction, however often it looks", async () => {
    const open = await schema.pool.getConnection();
    await open.query("START TRANSACTION");
    const late = await insert(open);
    const after = await insert();
    const outbox = new MysqlOutbox(schema.pool, { lookApartMs: 0 });
    for (let looks = 0; looks <= GAP_LOOKS; looks += 1) {
      // Each waits for the open transaction, in vain.
      await outbox.advance(500, publish).catch(() => undefined);
    }
    expect(seqs()).to.deep.equal([]);
    await open.query("COMMIT");
    open.release();
    await drain(outbox);
    expect(seqs()).to.deep.equal([late, after]);
  });

  it("passes a gap that a rollback left, after a few looks", async () => {
    const gone = await schema.pool.getConnection();
    await gone.query("START TRANSACTION");
    const lost = await insert(gone);
    await gone.query("ROLLBACK");
    gone.release();
    const after = await insert();
    const outbox = new MysqlOutbox(schema.pool);
    expect(await outbox.advance(500, publish)).to.have.property("published", 0);
    await drain(outbox);
    expect(seqs()).to.deep.equal([after]);
    expect(lost).to.be.lessThan(after);
  });

  it("is emptied in one round of the relay, batch by batch", async () => {
    const made: number[] = [];
    for (let count = 0; count < 7; count += 1) {
      made.push(await insert());
    }
    const batches: number[] = [];
    const outbox = new MysqlOutbox(schema.pool);
    const onBatch = (batch: { published: number }) => batches.push(batch.published);
    const stream = { publish };
    await relayOutbox({ outbox, stream, batchSize: 3, onBatch }, () => false);
    expect(batches).to.deep.equal([3, 3, 1]);
    expect(seqs()).to.deep.equal(made);
    await insert();
    await relayOutbox({ outbox, stream, batchSize: 3, onBatch }, () => true);
    expect(seqs()).to.deep.equal(made);
  });
});

describe("RedisEventStream", () => {
  const own = useOwnRedis();
  let redis: Redis;

  before(async () => {
    redis = connectRedis(own.server.url, { timeoutMs: 2_000 });
    await new Promise((resolve) => redis.once("ready", resolve));
  });
  after(() => redis.disconnect());

  it("appends moves in order, with their numbers", async () => {
    const stream = new RedisEventStream(redis, { maxLength: 1_000 });
    const rows = [7, 8, 11].map((seq) => rowOf(seq));
    await stream.publish(rows);
    // Moves come at least once: consumers tell repeats by the number.
    await stream.publish(rows.slice(-1));
    const entries = await redis.xrange(STREAM, "-", "+");
    expect(entries.map(([, fields]) => fields)).to.deep.equal(
      [...rows, ...rows.slice(-1)].map(({ seq, reservationId, payload }) => [
        "seq",
        String(seq),
        "reservationId",
        reservationId,
        "payload",
        payload,
      ]),
    );
  });

  it("keeps about as many as it is told", async () => {
    const stream = new RedisEventStream(redis, { maxLength: 1_000 });
    for (let first = 0; first < 3_000; first += 500) {
      await stream.publish(Array.from({ length: 500 }, (_, index) => rowOf(first + index)));
    }
    expect(await redis.xlen(STREAM)).to.be.within(1_000, 1_200);
  });

  it("rejects while Redis is away", async () => {
    const stream = new RedisEventStream(redis, { maxLength: 1_000 });
    await own.server.stop();
    const failure = await stream.publish([rowOf(1)]).catch((reason: unknown) => reason);
    expect(failure).to.be.instanceOf(Error);
    await own.server.start();
  });
});

function rowOf(seq: number): OutboxRow {
  return { seq, reservationId: randomUUID(), payload: `{"n":${seq}}` };
}
