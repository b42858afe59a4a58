import type { Redis } from "ioredis";
import type { Room } from "../src/domain/waiting-room.ts";
import { keyOf } from "./use-waiting-room.ts";

/**
 * A step of admission as it must not be: the same reads and writes as `room-admit.lua`, one after
 * the other. For negative controls.
 */
export class SeparateSteps {
  readonly #redis: Redis;
  readonly #room: Room;

  constructor(redis: Redis, room: Room) {
    this.#redis = redis;
    this.#room = room;
  }

  /** Fills the free slots from the head of the line; may be killed after so many people. */
  async admit({ diesAfter = Number.POSITIVE_INFINITY } = {}): Promise<void> {
    const line = keyOf(this.#room, "line");
    const active = keyOf(this.#room, "active");
    const free = this.#room.rules.maxActive - (await this.#redis.zcard(active));
    const head = await this.#redis.zpopminBuffer(line, free);
    const members = head.filter((_value, index) => index % 2 === 0);
    for (const [index, member] of members.entries()) {
      if (index >= diesAfter) {
        throw new Error("killed");
      }
      await this.#redis.zadd(active, Date.now() + 60_000, member);
    }
  }
}
