import { uuidToBytes } from "@tessera/service-kit/uuid";
import type { Redis } from "ioredis";
import { LRUCache } from "lru-cache";
import { DRAW_NUMBER_BYTES, drawNumberOf } from "../app/draw.ts";
import type { DrawSeeds } from "../app/draw-seeds.ts";
import {
  type AdmissionStep,
  type ClaimAnswer,
  type ClaimEnd,
  type Drawn,
  type Heard,
  type PassClaim,
  StoreLost,
  type Supply,
  type WaitingRoomStore,
} from "../app/waiting-room-store.ts";
import type { Room } from "../domain/waiting-room.ts";
import type { Breaker } from "./breaker.ts";
import { isReply, LuaScript, type ScriptArgument } from "./lua-script.ts";
import {
  decodeClaimAnswers,
  decodeClaims,
  decodeHeard,
  encodeClaims,
  encodeEnds,
  encodeUserIds,
} from "./place-codec.ts";

const JOIN = new LuaScript("room.lua", "room-join.lua");
const POLL = new LuaScript("room.lua", "room-poll.lua");
const LEAVE = new LuaScript("room.lua", "room-leave.lua");
const DRAW = new LuaScript("room.lua", "room-draw.lua");
const DRAWN = new LuaScript("room.lua", "room-drawn.lua");
const ADMIT = new LuaScript("room.lua", "room-admit.lua");
const CLAIM = new LuaScript("room.lua", "room-claim.lua");
const DOUBTS = new LuaScript("room.lua", "room-doubts.lua");
const SETTLE = new LuaScript("room.lua", "room-settle.lua");

/** The events whose rooms anybody is in. It has a slot of its own in a cluster. */
const EVENTS = "tessera:rooms";
/** People that one script deals with at most, so that nobody else waits long for Redis. */
const PEOPLE_MAX = 250;
/** How old a claim is when another reservation may doubt it, in milliseconds. */
const DOUBT_MS = 10_000;
/** What one step of admission does at most; see room-admit.lua. */
const STEP = { people: 500, silent: 1_000, swept: 50 };
/** Admitted people whose claims are looked at together. */
const DOUBTS_SLICE = 500;
/** Rooms of which it is remembered that they are on the list. */
const LISTED_MAX = 1_000;
/** How often a room that is used is put on the list, in milliseconds. */
const LIST_EVERY_MS = 1_000;

/** What a waiting room allows, whatever the event. */
export interface RoomLimits {
  /** Polls a second that one room may cause. */
  pollsPerSecond: number;
  /** People that one room holds. */
  maxPeople: number;
}

/**
 * Waiting rooms in Redis. Every step is one script over the keys of one event, by Redis's clock;
 * see `scripts/room.lua` for the keys.
 */
export class RedisWaitingRoomStore implements WaitingRoomStore {
  readonly #redis: Redis;
  readonly #breaker: Breaker;
  readonly #limits: RoomLimits;
  readonly #seeds: DrawSeeds;
  readonly #listed = new LRUCache<string, true>({ max: LISTED_MAX, ttl: LIST_EVERY_MS });

  constructor(options: { redis: Redis; breaker: Breaker; seeds: DrawSeeds } & RoomLimits) {
    const { redis, breaker, seeds, ...limits } = options;
    this.#redis = redis;
    this.#breaker = breaker;
    this.#seeds = seeds;
    this.#limits = limits;
  }

  get isLost(): boolean {
    return this.#breaker.isOpen;
  }

  join(room: Room, userIds: readonly string[], stock: { isAllGone: boolean }): Promise<Heard[]> {
    return this.#hear(userIds, async (some) => {
      const members = encodeUserIds(some);
      const [, ...answer] = await this.#runSeeded(JOIN, room, (seed) => {
        const numbers = seed === undefined ? "" : drawNumbersOf(seed, some);
        return [jitterSeed(), members, numbers, stock.isAllGone ? 1 : 0];
      });
      await this.#list(room.eventId);
      return answer;
    });
  }

  poll(room: Room, userIds: readonly string[]): Promise<Heard[]> {
    return this.#hear(userIds, async (some) => {
      const [[, ...answer]] = await Promise.all([
        this.#run(POLL, room, [jitterSeed(), encodeUserIds(some)]) as Promise<unknown[]>,
        // Should somebody have died between a join and its listing, a poll makes up for it.
        this.#list(room.eventId),
      ]);
      return answer;
    });
  }

  async leave(room: Room, userId: string): Promise<void> {
    await this.#run(LEAVE, room, [uuidToBytes(userId)]);
  }

  async draw(room: Room): Promise<Drawn | undefined> {
    const [outcome, ...rest] = await this.#runSeeded(DRAW, room, () => []);
    if (outcome === "none") {
      return undefined;
    }
    const [seed, isDrawn, entrants, time] = rest as [Buffer, number, number, number];
    if (isDrawn === 1) {
      await this.#seeds.tell(room.eventId, seed);
    }
    return { seed, isDrawn: isDrawn === 1, entrants, drawTime: new Date(time) };
  }

  async drawNumber(room: Room, userId: string): Promise<number | "early" | "late" | "none"> {
    const answer = await this.#run(DRAWN, room, [uuidToBytes(userId)]);
    const [outcome, seed] = answer as [Buffer, Buffer?];
    return seed === undefined
      ? (outcome.toString() as "early" | "late" | "none")
      : drawNumberOf(seed, userId).readUIntBE(0, DRAW_NUMBER_BYTES);
  }

  async admit(room: Room, supply: Supply | undefined): Promise<AdmissionStep> {
    const { available, unitsBefore = 0, isAllGone }: Partial<Supply> = supply ?? {};
    const args = [available ?? "", unitsBefore, isAllGone === undefined ? "" : isAllGone ? 1 : 0];
    const bounds = [STEP.people, STEP.silent, STEP.swept];
    const answer = (await this.#run(ADMIT, room, [...args, ...bounds])) as number[];
    const [waiting = 0, active = 0, admitted = 0, skipped = 0, lapsed = 0, ...more] = answer;
    const [gone = 0, units = 0, stalledMs = 0, opensInMs = 0] = more;
    return { waiting, active, admitted, skipped, lapsed, gone, units, stalledMs, opensInMs };
  }

  async claim(room: Room, claims: readonly PassClaim[]): Promise<ClaimAnswer[]> {
    const answer = await this.#run(CLAIM, room, [DOUBT_MS, encodeClaims(claims)]);
    return decodeClaimAnswers(answer as Buffer);
  }

  async settle(room: Room, ends: readonly ClaimEnd[]): Promise<void> {
    await this.#run(SETTLE, room, [encodeEnds(ends)]);
  }

  async doubts(room: Room, cursor: string): Promise<{ claims: PassClaim[]; nextCursor: string }> {
    const answer = await this.#run(DOUBTS, room, [DOUBT_MS, cursor, DOUBTS_SLICE]);
    const [next, claims] = answer as [Buffer, Buffer];
    return { claims: decodeClaims(claims), nextCursor: next.toString() };
  }

  async eventIds(): Promise<string[]> {
    return await this.#ask(() => this.#redis.smembers(EVENTS));
  }

  async dismiss(eventId: string): Promise<void> {
    this.#listed.delete(eventId);
    await this.#ask(() => this.#redis.srem(EVENTS, eventId));
  }

  async #list(eventId: string): Promise<void> {
    if (!this.#listed.has(eventId)) {
      await this.#ask(() => this.#redis.sadd(EVENTS, eventId));
      this.#listed.set(eventId, true);
    }
  }

  async #hear(
    userIds: readonly string[],
    ask: (some: readonly string[]) => Promise<unknown[]>,
  ): Promise<Heard[]> {
    const heard: Heard[] = [];
    for (let first = 0; first < userIds.length; first += PEOPLE_MAX) {
      const answer = await ask(userIds.slice(first, first + PEOPLE_MAX));
      const [bytes, now] = answer as [Buffer, Buffer];
      heard.push(...decodeHeard(bytes, new Date(Number(now))));
    }
    return heard;
  }

  #run(script: LuaScript, room: Room, args: readonly ScriptArgument[]): Promise<unknown> {
    const { eventId, openTime, closeTime, rules } = room;
    const tag = `tessera:room:{${eventId}}:`;
    const keys = ["room", "line", "returned", "active", "places"].map((name) => tag + name);
    const common = [
      openTime.getTime(),
      closeTime.getTime(),
      rules.admitPerMinute,
      rules.maxActive,
      rules.passSeconds * 1000,
      this.#limits.pollsPerSecond,
      this.#limits.maxPeople,
    ];
    return this.#ask(() => script.run(this.#redis, keys, [...common, ...args]));
  }

  /** Runs a script that is told the room's seed first, and finds that out where it must be known. */
  async #runSeeded(
    script: LuaScript,
    room: Room,
    argsOf: (seed: Buffer | undefined) => readonly ScriptArgument[],
  ): Promise<[outcome: string, ...rest: unknown[]]> {
    let seed = this.#seeds.known(room.eventId);
    // The first answer asks for the seed, the next can only be that the room has another one since.
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const args = [seed ?? "", attempt > 0 ? 1 : 0, ...argsOf(seed)];
      const answer = await this.#run(script, room, args);
      const [outcome, ...rest] = answer as [Buffer, ...unknown[]];
      if (outcome.toString() !== "seed") {
        return [outcome.toString(), ...rest];
      }
      const [found, isDrawn] = rest as [Buffer, number];
      const ofRoom = found.length === 0 ? undefined : found;
      seed = await this.#seeds.learn(room.eventId, { ofRoom, isDrawn: isDrawn === 1 });
    }
    throw new Error("the room's seed never stays the same");
  }

  /** What Redis does not understand is a bug; every other failure means that it is lost. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.#breaker.isOpen) {
      throw new StoreLost("Redis did not answer a moment ago");
    }
    try {
      return await question();
    } catch (cause) {
      if (isReply(cause, /^(ERR|WRONGTYPE) /)) {
        throw cause;
      }
      // A connection that is being made will be there in a moment, or fail.
      if (this.#redis.status !== "connecting") {
        this.#breaker.trip();
      }
      throw new StoreLost("Redis does not answer", { cause });
    }
  }
}

function drawNumbersOf(seed: Buffer, userIds: readonly string[]): Buffer {
  return Buffer.concat(userIds.map((userId) => drawNumberOf(seed, userId)));
}

/** Redis begins every script with the same random numbers. */
function jitterSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
