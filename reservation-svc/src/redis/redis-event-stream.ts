import type { Redis } from "ioredis";
import type { EventStream, OutboxRow } from "../app/relay-outbox.ts";
import { LuaScript } from "./lua-script.ts";

const PUBLISH = new LuaScript("publish.lua");

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
    await PUBLISH.run(this.#redis, [STREAM], [this.#maxLength, ...fields]);
  }
}
