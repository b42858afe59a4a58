import type { Redis } from "ioredis";
import type { EventStream, OutboxRow } from "../app/relay-outbox.ts";

/** The stream that consumers of reservations read. */
export const STREAM = "tessera:reservations";

/**
 * A Redis Stream of moves. Each entry has `seq`, by which consumers tell repeats, `reservationId`
 * and `payload` (JSON).
 */
export class RedisEventStream implements EventStream {
  readonly #redis: Redis;
  readonly #maxLength: number;

  constructor(redis: Redis, options: { maxLength: number }) {
    this.#redis = redis;
    this.#maxLength = options.maxLength;
  }

  async publish(rows: readonly OutboxRow[]): Promise<void> {
    const pipeline = this.#redis.pipeline();
    for (const { seq, reservationId, payload } of rows) {
      pipeline.xadd(
        STREAM,
        "MAXLEN",
        "~",
        this.#maxLength,
        "*",
        "seq",
        seq,
        "reservationId",
        reservationId,
        "payload",
        payload,
      );
    }
    for (const [failure] of (await pipeline.exec()) ?? []) {
      // Those before it are in the stream already: they will come again, with the same seq.
      if (failure !== null) {
        throw failure;
      }
    }
  }
}
