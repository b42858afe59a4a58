import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import type { EventStream, OutboxRow } from "../app/relay-outbox.ts";

const PUBLISH = readFileSync(new URL("./scripts/publish.lua", import.meta.url), "utf8");

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
    const fields = rows.flatMap(({ seq, reservationId, payload }) => [seq, reservationId, payload]);
    // One command for all: hundreds of commands cost more than what they carry.
    await this.#redis.eval(PUBLISH, 1, STREAM, this.#maxLength, ...fields);
  }
}
