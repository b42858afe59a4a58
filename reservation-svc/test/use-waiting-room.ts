import { randomUUID } from "node:crypto";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { useOwnRedis } from "@tessera/testkit/processes";
import type { StoreServer } from "@tessera/testkit/stores/store-server";
import type { Redis } from "ioredis";
import { drawNumberOf } from "../src/app/draw.ts";
import { type DrawSeedStore, DrawSeeds } from "../src/app/draw-seeds.ts";
import type { AdmissionStep, Heard, Supply } from "../src/app/waiting-room-store.ts";
import type { Room, Standing } from "../src/domain/waiting-room.ts";
import { openRedis } from "../src/redis/open-redis.ts";
import { RedisWaitingRoomStore, type RoomLimits } from "../src/redis/redis-waiting-room-store.ts";

/** Waiting rooms in a Redis of their own. */
export interface WaitingRoomStores {
  server: () => StoreServer;
  redis: () => Redis;
  /** One process's store. */
  newStore: (
    options?: Partial<RoomLimits> & { seedStore?: DrawSeedStore },
  ) => Promise<RedisWaitingRoomStore>;
  /** Moves what a place waits for into the past, by as much as it says. */
  age: (room: Room, userId: string, ms: number) => Promise<void>;
  /** Gives somebody's admission another serial: the time of another admission. */
  rename: (room: Room, userId: string, serial: string) => Promise<void>;
  /** In how many milliseconds a place is to be heard of. */
  dueIn: (room: Room, userId: string) => Promise<number>;
  /** How many people each key of a room knows. */
  sizes: (
    room: Room,
  ) => Promise<{ line: number; returned: number; active: number; places: number }>;
}

/** Call it inside `describe`; use the result inside hooks and tests only. */
export function useWaitingRoomStores(own = useOwnRedis()): WaitingRoomStores {
  const seedStore = new MemorySeeds();
  const lifecycle = new Lifecycle();
  let redis: Redis;
  const open = (roomTimeoutMs: number) => {
    const { url } = own.server;
    const timeouts = { redisTimeoutMs: 1_000, roomTimeoutMs };
    const silent = { locks: () => undefined, rooms: () => undefined };
    return openRedis({ redisUrl: url, lockUrls: [url], ...timeouts }, lifecycle, silent).rooms;
  };
  before(async () => {
    ({ redis } = open(20_000));
    await ready(redis);
  });
  after(() => lifecycle.close());
  const fieldsOf = async (room: Room, userId: string) => {
    const place = await redis.hgetBuffer(keyOf(room, "places"), uuidToBytes(userId));
    return place?.toString().split(",") ?? [];
  };
  return {
    server: () => own.server,
    redis: () => redis,
    newStore: async (options = {}) => {
      const rooms = open(1_000);
      await ready(rooms.redis);
      const { pollsPerSecond = 1_000, maxPeople = 1_000_000 } = options;
      const seeds = new DrawSeeds(options.seedStore ?? seedStore);
      return new RedisWaitingRoomStore({ ...rooms, seeds, pollsPerSecond, maxPeople });
    },
    dueIn: async (room, userId) => Number((await fieldsOf(room, userId))[2]) - Date.now(),
    age: async (room, userId, ms) => {
      const member = uuidToBytes(userId);
      const [kind, generation, due, ...rest] = await fieldsOf(room, userId);
      const text = [kind, generation, Number(due) - ms, ...rest].join(",");
      await redis.hset(keyOf(room, "places"), member, text);
      // Only those who have a slot are there.
      await redis.zadd(keyOf(room, "active"), "XX", Number(due) - ms, member);
    },
    rename: async (room, userId, serial) => {
      const fields = await fieldsOf(room, userId);
      const text = fields.with(4, serial).join(",");
      await redis.hset(keyOf(room, "places"), uuidToBytes(userId), text);
    },
    sizes: async (room) => ({
      line: await redis.zcard(keyOf(room, "line")),
      returned: await redis.zcard(keyOf(room, "returned")),
      active: await redis.zcard(keyOf(room, "active")),
      places: await redis.hlen(keyOf(room, "places")),
    }),
  };
}

/** The seeds of those tests that are about something else. */
class MemorySeeds implements DrawSeedStore {
  readonly #seeds = new Map<string, Buffer>();

  async tell(): Promise<void> {}

  async keep(eventId: string, seed: Buffer): Promise<Buffer> {
    const kept = this.#seeds.get(eventId) ?? seed;
    this.#seeds.set(eventId, kept);
    return kept;
  }
}

async function ready(redis: Redis): Promise<void> {
  if (redis.status !== "ready") {
    await new Promise((resolve) => redis.once("ready", resolve));
  }
}

export function keyOf({ eventId }: Room, name: string): string {
  return `tessera:room:{${eventId}}:${name}`;
}

/** The waiting room of a sale that opened an hour ago, and lets everybody in at once. */
export function openRoom(part: Partial<Room["rules"]> = {}): Room {
  return {
    eventId: randomUUID(),
    openTime: hoursFromNow(-1),
    closeTime: hoursFromNow(1),
    rules: {
      admitPerMinute: 1_000_000,
      maxActive: 1_000_000,
      passSeconds: 600,
      onStoreLoss: "closed",
      ...part,
    },
  };
}

export function hoursFromNow(hours: number): Date {
  return new Date(Date.now() + hours * 3_600_000);
}

export function people(count: number): string[] {
  return Array.from({ length: count }, () => randomUUID());
}

/** People in the order in which they are drawn. */
export function inDrawOrder(ids: readonly string[], seed: Buffer): string[] {
  return ids.toSorted((a, b) => Buffer.compare(drawNumberOf(seed, a), drawNumberOf(seed, b)));
}

/** As much as anybody may want. */
export const PLENTY: Supply = { available: 1_000_000, unitsBefore: 0, isAllGone: false };
export const ALL_GONE: Supply = { available: 0, unitsBefore: 0, isAllGone: true };
export const IN_STOCK = { isAllGone: false };

/** The standings of people who all have one; throws when somebody has none. */
export function standings(heard: readonly Heard[]): Standing[] {
  return heard.map((one) => {
    if (typeof one === "string") {
      throw new Error(`no place: ${one}`);
    }
    return one.standing;
  });
}

/** State and position, which is what most tests look at. */
export function shortly(heard: readonly Heard[]): string[] {
  return heard.map((one) =>
    typeof one === "string"
      ? one
      : one.standing.state === "waiting"
        ? `waiting ${one.standing.position}`
        : one.standing.state,
  );
}

/** Admits until nobody more can be admitted; returns the sums. */
export async function admitAll(
  store: RedisWaitingRoomStore,
  room: Room,
  supply: Supply = PLENTY,
): Promise<Pick<AdmissionStep, "admitted" | "skipped">> {
  const sums = { admitted: 0, skipped: 0 };
  for (;;) {
    const { admitted, skipped } = await store.admit(room, supply);
    sums.admitted += admitted;
    sums.skipped += skipped;
    if (admitted + skipped === 0) {
      return sums;
    }
  }
}
