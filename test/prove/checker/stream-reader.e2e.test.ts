import { randomUUID } from "node:crypto";
import { useOwnRedis } from "@tessera/testkit/processes";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Redis } from "ioredis";
import { StreamReader } from "./stream-reader.ts";

describe("the reader of the event stream", () => {
  const own = useOwnRedis();
  const stream = "test:reservations";
  const eventId = randomUUID();
  let redis: Redis;
  let reader: StreamReader;
  before(() => {
    redis = new Redis(own.server.url);
    redis.on("error", () => undefined);
    reader = new StreamReader({ url: own.server.url, stream });
  });
  after(async () => {
    await reader.stop();
    redis.disconnect();
  });

  /** As the relay does it. */
  async function publish(...seqs: readonly number[]): Promise<void> {
    await publishOf(eventId, seqs);
  }

  async function publishOf(eventId: string, seqs: readonly number[]): Promise<void> {
    for (const seq of seqs) {
      const time = new Date().toISOString();
      const move = { reservationId: "r", eventId, userId: "u", state: "HELD", items: [] };
      const payload = JSON.stringify({ ...move, expireTime: time, time });
      await redis.xadd(stream, "*", "seq", seq, "reservationId", "r", "payload", payload);
    }
  }

  const seen = () => reader.entriesOf([eventId]).map(({ seq }) => seq);

  it("reads all there was and all that comes, as often as it is told, event by event", async () => {
    await publish(1, 2);
    await until("two moves", () => reader.lastSeq === 2);
    await publish(2, 3);
    await until("three moves", () => reader.lastSeq === 3);
    expect(seen()).to.deep.equal([1, 2, 2, 3]);
    expect(reader.entriesOf([randomUUID()])).to.deep.equal([]);
  });

  it("goes on where it was after Redis was paused", async () => {
    const before = reader.interruptions;
    await own.server.pause();
    await until("the look to be given up", () => reader.interruptions > before);
    own.server.signal("SIGCONT");
    await publish(4);
    await until("the fourth move", () => reader.lastSeq === 4);
    expect(seen()).to.deep.equal([1, 2, 2, 3, 4]);
  });

  it("goes on where it was after Redis was started again", async () => {
    await own.server.stop();
    await own.server.start();
    await publish(5);
    await until("the fifth move", () => reader.lastSeq === 5);
    expect(seen()).to.deep.equal([1, 2, 2, 3, 4, 5]);
  });

  it("remembers the newest events alone", async () => {
    const events = Array.from({ length: 24 }, () => randomUUID());
    for (const [index, event] of events.entries()) {
      await publishOf(event, [6 + index]);
    }
    await until("all moves", () => reader.lastSeq === 29);
    expect(seen()).to.deep.equal([]);
    expect(reader.entriesOf(events)).to.have.length(24);
  });
});
