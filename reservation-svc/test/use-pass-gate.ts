import { randomUUID } from "node:crypto";
import { type PassClaims, passKeysOf, signPass } from "@tessera/admission-pass";
import { claimOutcome } from "../src/app/claim-outcome.ts";
import { PassGate } from "../src/app/pass-gate.ts";
import type { NewReservation } from "../src/app/reservation-store.ts";
import { Sales } from "../src/app/sales.ts";
import { WaitingRooms } from "../src/app/waiting-rooms.ts";
import type { Room } from "../src/domain/waiting-room.ts";
import { MysqlReservationStore } from "../src/mysql/mysql-reservation-store.ts";
import type { RedisWaitingRoomStore } from "../src/redis/redis-waiting-room-store.ts";
import { MemorySales } from "./memory-sales.ts";
import { Turnstile } from "./turnstile.ts";
import { type Replica, useReservations, wishFor } from "./use-reservations.ts";
import { admitAll, keyOf, openRoom, useWaitingRoomStores } from "./use-waiting-room.ts";

const KEYS = passKeysOf(["a secret that signs the passes of these tests"]);

const SILENT = { joined: () => undefined, polled: () => undefined };

/** Call it inside `describe`; use the result inside hooks and tests only. */
export function usePassGate() {
  const reservations = useReservations();
  const stores = useWaitingRoomStores();
  const source = new MemorySales();
  const opened = {} as { store: RedisWaitingRoomStore; rooms: WaitingRooms; replica: Replica };
  const claims: string[] = [];
  const newReplica = (
    store: RedisWaitingRoomStore,
    options: Parameters<typeof reservations.newReplica>[0] = {},
  ) => {
    const plain = reservations.newReplica();
    const gate = new PassGate({
      store,
      sales: new Sales(source),
      passKeys: KEYS,
      outcomeOf: (claim) =>
        claimOutcome({ ...reservations, store: plain.store, ledgerTimeoutMs: 2_000 }, claim),
      onClaim: (outcome) => claims.push(outcome),
      maxQueue: 1_000,
    });
    return reservations.newReplica({ ...options, gate });
  };
  before(async () => {
    const store = await stores.newStore();
    const sales = new Sales(source);
    const rooms = new WaitingRooms({ store, sales, passKeys: KEYS, observer: SILENT });
    Object.assign(opened, { store, rooms, replica: newReplica(store) });
  });
  return {
    reservations,
    stores,
    source,
    /** What became of the passes that were shown. */
    claims,
    opened,
    /** One more replica, over a store of its own. */
    newReplica: (options?: Parameters<typeof reservations.newReplica>[0]) =>
      newReplica(opened.store, options),
    /** For waiting rooms of another make. */
    deps: () => ({ store: opened.store, passKeys: KEYS, observer: SILENT }),
    /** A new event with a waiting room, and its only ticket type. */
    newEvent(
      event: {
        capacity?: number;
        maxPerUser?: number;
        closeTime?: Date;
        rules?: Partial<Room["rules"]>;
      } = {},
    ) {
      const { rules, closeTime, ...stock } = event;
      const made = reservations.ledger.addEvent(stock);
      const opened = openRoom(rules);
      const room = {
        ...{ ...opened, eventId: made.eventId, closeTime: closeTime ?? opened.closeTime },
      };
      source.add(room);
      return { ...made, room };
    },
    /** Lets a person in, and gives their pass. */
    async passFor({ room }: { room: Room }, userId: string): Promise<string> {
      await opened.rooms.join([{ eventId: room.eventId, userId }]);
      await admitAll(opened.store, room);
      const [place] = await opened.rooms.poll([{ eventId: room.eventId, userId }]);
      return (place instanceof Error ? undefined : place?.pass) ?? "none";
    },
    /** An admitted buyer's wish. */
    async wishWithPass(event: { eventId: string; types: string[]; room: Room }) {
      const userId = randomUUID();
      return wishFor(event, { userId, admissionPass: await this.passFor(event, userId) });
    },
    /** Signs whatever is asked for. */
    sign: (signed: PassClaims, keys = KEYS) => signPass(signed, keys),
    /** Makes the claim of a person's pass older, by so many milliseconds. */
    async ageClaim({ room }: { room: Room }, userId: string, ms: number): Promise<void> {
      const member = Buffer.from(userId.replaceAll("-", ""), "hex");
      const key = keyOf(room, "places");
      const fields = (await stores.redis().hgetBuffer(key, member))?.toString().split(",") ?? [];
      const claimTime = Number(fields.pop());
      await stores.redis().hset(key, member, [...fields, claimTime - ms].join(","));
    },
  };
}

/** A store that writes no reservation until it is told to. */
export class SlowInsert extends MysqlReservationStore {
  readonly turnstile = new Turnstile();

  override async insert(created: readonly NewReservation[]): Promise<void> {
    await this.turnstile.pass();
    await super.insert(created);
  }
}
