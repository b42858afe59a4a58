import { type PassKeys, signPass } from "@tessera/admission-pass";
import { ServiceError } from "@tessera/service-kit/service-error";
import {
  drawNotKept,
  drawNotYet,
  notDrawn,
  placeNotFound,
  salesClosed,
  waitingRoomFull,
  waitingRoomUnavailable,
} from "../domain/errors.ts";
import {
  isAllGone,
  isOnSale,
  opensOnLoss,
  type Room,
  type Standing,
  type Stock,
  stockHint,
} from "../domain/waiting-room.ts";
import { commitmentOf } from "./draw.ts";
import { eachEvent } from "./each-event.ts";
import type { Sales } from "./sales.ts";
import { type Drawn, type Heard, StoreLost, type WaitingRoomStore } from "./waiting-room-store.ts";

/** One person at one event. */
export interface Visitor {
  eventId: string;
  userId: string;
}

/** One person's place. */
export interface Place extends Visitor {
  /** `lost`: the waiting room's store is lost, and the event lets everybody buy meanwhile. */
  standing: Standing | { state: "lost" };
  hint: ReturnType<typeof stockHint>;
  /** What an admitted person reserves with. */
  pass?: string;
  /** True when the place was taken by this call. */
  isNew: boolean;
}

/** The draw of an event, as far as everybody may know it. */
export interface Draw extends Pick<Drawn, "drawTime" | "entrants"> {
  commitment: string;
  /** Lower-case hex; empty until it is made. */
  seed: string;
}

/** Asks the store for the people of one room. */
type Serve = (room: Room, userIds: readonly string[], stock: Stock) => Promise<Heard[]>;

/** Told what people did and where they stand, for metrics. */
export interface RoomObserver {
  joined(outcome: string): void;
  polled(outcome: string): void;
}

/** What waiting rooms need. */
export interface WaitingRoomsDeps {
  store: WaitingRoomStore;
  sales: Sales;
  passKeys: PassKeys;
  observer: RoomObserver;
  now?: () => Date;
}

/** What people do in waiting rooms: join, poll, leave, and check the draw. */
export class WaitingRooms {
  readonly #deps: WaitingRoomsDeps;
  readonly #now: () => Date;

  constructor(deps: WaitingRoomsDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? (() => new Date());
  }

  /** One place, or the reason why not, for each visitor in order. */
  async join(visitors: readonly Visitor[]): Promise<(Place | Error)[]> {
    const { store, observer } = this.#deps;
    const places = await this.#forEachRoom(visitors, async (room, userIds, stock) => {
      // The store says so by its own clock, unless it is away.
      if (store.isLost && room.closeTime <= this.#now()) {
        throw salesClosed(room);
      }
      return await store.join(room, userIds, { isAllGone: isAllGone(stock) });
    });
    for (const place of places) {
      observer.joined(outcomeOf(place, ({ isNew }) => (isNew ? "created" : "kept")));
    }
    return places;
  }

  /** One place, or the reason why there is none, for each visitor in order. */
  async poll(visitors: readonly Visitor[]): Promise<(Place | Error)[]> {
    const { store, observer } = this.#deps;
    const places = await this.#forEachRoom(visitors, (room, userIds) => store.poll(room, userIds));
    for (const place of places) {
      observer.polled(outcomeOf(place, ({ standing }) => standing.state));
    }
    return places;
  }

  /** Gives a place up. */
  async leave({ eventId, userId }: Visitor): Promise<void> {
    const room = await this.#deps.sales.roomOf(eventId);
    await unlessLost(room, this.#deps.store.leave(room, userId));
  }

  /** What the draw commits to; once it is made, also what it was made with. */
  async draw(eventId: string): Promise<Draw> {
    const room = await this.#deps.sales.roomOf(eventId);
    const drawn = await unlessLost(room, this.#deps.store.draw(room));
    if (drawn === undefined) {
      throw drawNotKept(eventId);
    }
    const { seed, isDrawn, ...told } = drawn;
    return { ...told, commitment: commitmentOf(seed), seed: isDrawn ? seed.toString("hex") : "" };
  }

  /** A person's number in the draw. Throws DRAW_NOT_YET and PLACE_NOT_FOUND. */
  async drawNumber({ eventId, userId }: Visitor): Promise<number> {
    const room = await this.#deps.sales.roomOf(eventId);
    const number = await unlessLost(room, this.#deps.store.drawNumber(room, userId));
    if (number === "early") {
      throw drawNotYet(room);
    }
    if (number === "late") {
      throw notDrawn(eventId);
    }
    if (number === "none") {
      throw placeNotFound(eventId);
    }
    return number;
  }

  /** Serves the visitors of each event together; a failure is that of the event's visitors. */
  #forEachRoom(visitors: readonly Visitor[], serve: Serve): Promise<(Place | Error)[]> {
    const { sales } = this.#deps;
    return eachEvent(
      visitors,
      ({ eventId }) => eventId,
      async (eventId, some) => {
        const userIds = some.map(({ userId }) => userId);
        const [room, stock] = await Promise.all([sales.roomOf(eventId), sales.stockOf(eventId)]);
        const heard = await this.#unlessOpenLoss(room, userIds, serve(room, userIds, stock));
        return await this.#toPlaces({ room, userIds, stock }, heard);
      },
    );
  }

  /** With the store lost, an event that is on sale may let everybody buy. */
  async #unlessOpenLoss<T>(
    room: Room,
    userIds: readonly string[],
    heard: Promise<T>,
  ): Promise<T | "lost"[]> {
    try {
      return await heard;
    } catch (reason) {
      if (!(reason instanceof StoreLost)) {
        throw reason;
      }
      if (opensOnLoss(room.rules) && isOnSale(room, this.#now())) {
        return userIds.map(() => "lost");
      }
      throw waitingRoomUnavailable(room.eventId, reason);
    }
  }

  async #toPlaces(
    { room, userIds, stock }: { room: Room; userIds: readonly string[]; stock: Stock },
    heard: readonly (Heard | "lost")[],
  ): Promise<(Place | Error)[]> {
    const { eventId } = room;
    const hint = stockHint(stock);
    const signing: Promise<void>[] = [];
    const places = heard.map((one, index): Place | Error => {
      const visitor = { eventId, userId: userIds[index] ?? "" };
      switch (one) {
        case "closed":
          return salesClosed(room);
        case "full":
          return waitingRoomFull(eventId);
        case "none":
          return placeNotFound(eventId);
        case "lost":
          return { ...visitor, standing: { state: "lost" }, hint, isNew: false };
        default: {
          const place: Place = { ...visitor, standing: one.standing, hint, isNew: one.isNew };
          if (one.standing.state === "admitted") {
            signing.push(this.#sign(place, one.standing));
          }
          return place;
        }
      }
    });
    // Few of a crowd are admitted: the others cost no promise each.
    await Promise.all(signing);
    return places;
  }

  /** Puts the pass to an admitted person's place: the same one, unless the sale's end was moved. */
  async #sign(place: Place, standing: Standing & { state: "admitted" }): Promise<void> {
    const { eventId, userId } = place;
    const { serial, passExpireTime: expireTime } = standing;
    place.pass = await signPass({ eventId, userId, serial, expireTime }, this.#deps.passKeys);
  }
}

/** The reason why there is no place, or the word for the one that there is. */
function outcomeOf(place: Place | Error, wordOf: (place: Place) => string): string {
  if (place instanceof Error) {
    return place instanceof ServiceError ? place.reason : "INTERNAL";
  }
  return wordOf(place);
}

async function unlessLost<T>({ eventId }: Room, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (reason) {
    throw reason instanceof StoreLost ? waitingRoomUnavailable(eventId, reason) : reason;
  }
}
