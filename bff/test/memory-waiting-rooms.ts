import { createHash, createHmac } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { WaitingRoom_OnStoreLoss, WaitingRoomSchema } from "@tessera/proto/inventory/v1/event_pb";
import {
  type Place,
  Place_State,
  Place_StockHint,
  PlaceSchema,
} from "@tessera/proto/reservation/v1/waiting_room_pb";
import type {
  WaitingRoomEntry,
  WaitingRoomService,
} from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { toEntryError } from "@tessera/service-kit/entry-error";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { MemoryInventory } from "./memory-inventory.ts";

/** How often tests are told to poll, in milliseconds. */
const POLL_MS = 100;

const RULES = {
  admitPerMinute: 60,
  maxActive: 10,
  passSeconds: 60,
  onStoreLoss: WaitingRoom_OnStoreLoss.OPEN,
};

interface Room {
  seed: Buffer;
  drawTime: Date;
  places: Map<string, Place>;
}

/** reservation-svc's waiting rooms in memory: nobody is admitted but by the test. */
export class MemoryWaitingRooms {
  readonly #rooms = new Map<string, Room>();
  readonly #inventory: MemoryInventory;

  /** How often a draw was asked for. */
  drawsAsked = 0;

  readonly #withoutRoom = new Set<string>();

  constructor(inventory: MemoryInventory) {
    this.#inventory = inventory;
  }

  /** Its handlers. */
  readonly service: ServiceImpl<typeof WaitingRoomService> = {
    batchJoinWaitingRooms: ({ entries }) => ({
      results: entries.map((entry) => answered(() => this.#join(entry))),
    }),
    batchPollPlaces: ({ entries }) => ({
      results: entries.map((entry) => answered(() => ({ place: this.#placeOf(entry) }))),
    }),
    leaveWaitingRoom: ({ eventId }, { requestHeader }) => {
      this.#roomOf(eventId).places.delete(requestHeader.get("x-tessera-user-id") ?? "");
      return {};
    },
    getDraw: ({ eventId }) => {
      this.drawsAsked += 1;
      const { seed, drawTime, places } = this.#roomOf(eventId);
      const isDrawn = drawTime.getTime() <= Date.now();
      const commitment = createHash("sha256").update(seed).digest("hex");
      const draw = { eventId, commitment, drawTime: timestampFromDate(drawTime) };
      return {
        draw: isDrawn ? { ...draw, seed: seed.toString("hex"), entrants: places.size } : draw,
      };
    },
    getDrawNumber: ({ eventId }, { requestHeader }) => {
      const { seed, drawTime } = this.#roomOf(eventId);
      if (drawTime.getTime() > Date.now()) {
        const metadata = { drawTime: drawTime.toISOString() };
        throw new ServiceError("DRAW_NOT_YET", "the sale is not open", { metadata });
      }
      const userId = requestHeader.get("x-tessera-user-id") ?? "";
      this.#placeOf({ eventId, userId });
      const mac = createHmac("sha256", seed).update(userId).digest();
      return { drawNumber: BigInt(mac.readUIntBE(0, 6)) };
    },
  };

  /** Opens a waiting room; returns its event. The draw is over unless told otherwise. */
  open({ drawTime = new Date(0) } = {}): string {
    const eventId = crypto.randomUUID();
    const seed = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
    this.#rooms.set(eventId, { seed, drawTime, places: new Map() });
    this.#inventory.add({ id: eventId, waitingRoom: create(WaitingRoomSchema, RULES) });
    return eventId;
  }

  /** Makes an event that everybody may buy of at once; returns it. */
  openToAll(): string {
    const eventId = crypto.randomUUID();
    this.#withoutRoom.add(eventId);
    this.#inventory.add({ id: eventId });
    return eventId;
  }

  /** Changes somebody's place. */
  change(who: Omit<WaitingRoomEntry, "$typeName">, change: Partial<Place>) {
    const place = create(PlaceSchema, { ...this.#placeOf(who), ...change });
    this.#roomOf(who.eventId).places.set(who.userId, place);
  }

  #join({ eventId, userId }: WaitingRoomEntry) {
    const { places, drawTime } = this.#roomOf(eventId);
    const before = places.get(userId);
    if (before !== undefined) {
      return { place: before, created: false };
    }
    const position = drawTime.getTime() > Date.now() ? 0 : places.size + 1;
    const place = create(PlaceSchema, {
      eventId,
      userId,
      state: Place_State.WAITING,
      position,
      ahead: Math.max(position - 1, 0),
      estimatedWait: durationFromMs(60_000),
      stockHint: Place_StockHint.PLENTY,
      pollAfter: durationFromMs(POLL_MS),
    });
    places.set(userId, place);
    return { place, created: true };
  }

  #placeOf({ eventId, userId }: Omit<WaitingRoomEntry, "$typeName">): Place {
    const place = this.#roomOf(eventId).places.get(userId);
    if (place === undefined) {
      throw new ServiceError("PLACE_NOT_FOUND", "not in the waiting room", {
        metadata: { eventId },
      });
    }
    return place;
  }

  #roomOf(eventId: string): Room {
    const room = this.#rooms.get(eventId);
    if (room === undefined) {
      const reason = this.#withoutRoom.has(eventId) ? "NO_WAITING_ROOM" : "EVENT_NOT_FOUND";
      throw new ServiceError(reason, "no waiting room there", { metadata: { eventId } });
    }
    return room;
  }
}

function answered<T extends { place: Place }>(act: () => T) {
  try {
    const { place, ...rest } = act();
    return { ...rest, outcome: { case: "place", value: place } as const };
  } catch (thrown) {
    return { outcome: { case: "error", value: toEntryError(thrown) } as const };
  }
}
