import { type PassClaims, type PassKeys, verifyPass } from "@tessera/admission-pass";
import { Batcher } from "@tessera/service-kit/batcher";
import { ServiceError } from "@tessera/service-kit/service-error";
import { admitTimeOf } from "../domain/admission.ts";
import {
  passExpired,
  passRequired,
  passUnknown,
  passUsed,
  refuse,
  requestInProgress,
  waitingRoomUnavailable,
} from "../domain/errors.ts";
import { opensOnLoss, type Room } from "../domain/waiting-room.ts";
import type { ClaimOutcome } from "./claim-outcome.ts";
import { eachEvent } from "./each-event.ts";
import { asRoom, isUnknownEvent, type Sales } from "./sales.ts";
import {
  type ClaimAnswer,
  type ClaimEnd,
  type PassClaim,
  StoreLost,
  type WaitingRoomStore,
} from "./waiting-room-store.ts";

/** The wish to reserve with a pass. */
export interface PassWish {
  requestId: string;
  userId: string;
  /** Empty when the buyer shows none. */
  admissionPass: string;
}

/** A pass that is kept for one reservation until it is known what came of it. */
export interface HeldPass {
  /** When its holder was let in; a reservation of before was made without it. */
  admitTime: Date;
  /** The reservation was made: the pass is used up, and the slot free. */
  use(units: number): Promise<void>;
  /** Nothing was made, for certain: the pass is as good as before. */
  handBack(): Promise<void>;
}

/** What the gate needs. */
export interface PassGateDeps {
  store: WaitingRoomStore;
  sales: Sales;
  passKeys: PassKeys;
  /** What became of a reservation that claimed a pass and was not heard of since. */
  outcomeOf: (claim: PassClaim) => Promise<ClaimOutcome>;
  onClaim: (outcome: string) => void;
  maxQueue: number;
}

interface Wanted<T> {
  room: Room;
  what: T;
}

/** For those whom a lost store lets through. */
const NOTHING_HELD: HeldPass = {
  admitTime: new Date(0),
  use: () => Promise.resolve(),
  handBack: () => Promise.resolve(),
};

/**
 * Stands before the sale of an event with a waiting room: whoever reserves shows a pass, which is
 * claimed for the one reservation that the request always leads to.
 */
export class PassGate {
  readonly #deps: PassGateDeps;
  readonly #claims: Batcher<Wanted<PassClaim>, ClaimAnswer>;
  readonly #ends: Batcher<Wanted<ClaimEnd>, true>;

  constructor(deps: PassGateDeps) {
    this.#deps = deps;
    const bounds = { maxBatch: 250, maxInFlight: 4, maxQueue: deps.maxQueue };
    this.#claims = new Batcher({
      ...bounds,
      name: "the pass queue",
      run: (wanted) => eachRoom(wanted, (room, claims) => deps.store.claim(room, claims)),
    });
    this.#ends = new Batcher({
      ...bounds,
      name: "the used-pass queue",
      run: (wanted) =>
        eachRoom(wanted, async (room, ends) => {
          await deps.store.settle(room, ends);
          return ends.map(() => true as const);
        }),
    });
  }

  /** How many passes wait to be claimed. */
  get claimQueueDepth(): number {
    return this.#claims.depth;
  }

  /** How many claimed passes wait to be used up, or handed back. */
  get endQueueDepth(): number {
    return this.#ends.depth;
  }

  /** The waiting room before an event's sale, if there is one; at once for an event that is known. */
  roomOf(eventId: string): Room | undefined | Promise<Room | undefined> {
    const sale = this.#deps.sales.saleOf(eventId);
    return sale instanceof Promise
      ? sale.then(asRoom, (reason) => (isUnknownEvent(reason) ? undefined : refuse(reason)))
      : asRoom(sale);
  }

  /**
   * Claims the buyer's pass for a reservation.
   *
   * Throws PASS_REQUIRED, PASS_INVALID, PASS_EXPIRED, PASS_USED, REQUEST_IN_PROGRESS while another
   * reservation may come of it, WAITING_ROOM_UNAVAILABLE, or DEADLINE_EXCEEDED when it still waits
   * at `deadline`, a performance.now() time.
   */
  async claim(
    room: Room,
    wish: PassWish,
    { reservationId, deadline }: { reservationId: string; deadline: number },
  ): Promise<HeldPass> {
    try {
      const held = await this.#claim(room, wish, { reservationId, deadline });
      this.#deps.onClaim(held === NOTHING_HELD ? "store_lost" : "claimed");
      return held;
    } catch (reason) {
      this.#deps.onClaim(reason instanceof ServiceError ? reason.reason : "INTERNAL");
      throw reason;
    }
  }

  async #claim(
    room: Room,
    wish: PassWish,
    { reservationId, deadline }: { reservationId: string; deadline: number },
  ): Promise<HeldPass> {
    const pass = await this.#read(room, wish);
    if (pass === undefined) {
      return await this.#letThrough(room);
    }
    const claim: PassClaim = { userId: wish.userId, serial: pass.serial, reservationId };
    let answer = await this.#ask(room, claim, deadline);
    if (typeof answer === "object" && "doubtful" in answer) {
      answer = await this.#resolve(room, claim, { holderId: answer.doubtful, deadline });
    }
    if (answer instanceof StoreLost) {
      return await this.#letThrough(room, answer);
    }
    const admitTime = admitTimeOf(pass.serial);
    const use = (units: number) => this.#end(room, { ...claim, units });
    if (typeof answer === "object" && "claimTime" in answer) {
      const { claimTime } = answer;
      const handBack = () => this.#end(room, { ...claim, units: 0, claimTime });
      return { admitTime, use, handBack };
    }
    if (answer === "repeated") {
      // What an earlier try claimed may be under way elsewhere, and come to something.
      return { admitTime, use, handBack: NOTHING_HELD.handBack };
    }
    // What is long over, the store has forgotten.
    const isForgotten = answer === "unknown" && pass.expireTime <= new Date();
    throw refusalOf(isForgotten ? "expired" : answer, room.eventId, wish.requestId);
  }

  /** What the pass says; undefined when it does not matter, because the store is lost. */
  async #read(room: Room, { userId, admissionPass }: PassWish): Promise<PassClaims | undefined> {
    const { store, passKeys } = this.#deps;
    const { eventId } = room;
    if (admissionPass === "") {
      if (store.isLost) {
        return undefined;
      }
      throw passRequired(eventId);
    }
    // Late or not: by its own clock the store will say, and while it is lost nobody gets a new one.
    return await verifyPass(admissionPass, { eventId, userId }, passKeys);
  }

  /** Another reservation claimed the pass and was not heard of since. */
  async #resolve(
    room: Room,
    claim: PassClaim,
    { holderId, deadline }: { holderId: string; deadline: number },
  ): Promise<ClaimAnswer | StoreLost> {
    const held = { ...claim, reservationId: holderId };
    switch (await this.#deps.outcomeOf(held)) {
      case "made":
        await this.#end(room, { ...held, units: 1 });
        return "used";
      case "granted":
        return "busy";
      default:
        return await this.#ask(room, { ...claim, deadReservationId: holderId }, deadline);
    }
  }

  async #ask(room: Room, what: PassClaim, deadline: number): Promise<ClaimAnswer | StoreLost> {
    try {
      return await this.#claims.submit({ room, what }, deadline);
    } catch (reason) {
      if (reason instanceof StoreLost) {
        return reason;
      }
      throw reason;
    }
  }

  /** A claim whose end cannot be told stays, and keeps its slot until `settleClaims` finds it. */
  async #end(room: Room, what: ClaimEnd): Promise<void> {
    try {
      await this.#ends.submit({ room, what });
    } catch (reason) {
      this.#deps.onClaim(reason instanceof StoreLost ? "unsettled" : "INTERNAL");
    }
  }

  /** As the event says now: who changes it because the store is lost must not wait for long. */
  async #letThrough(room: Room, cause?: StoreLost): Promise<HeldPass> {
    const { rules } = asRoom(await this.#deps.sales.recentSaleOf(room.eventId)) ?? room;
    return opensOnLoss(rules) ? NOTHING_HELD : refuse(waitingRoomUnavailable(room.eventId, cause));
  }
}

function refusalOf(
  answer: Exclude<ClaimAnswer, { claimTime: number } | "repeated">,
  eventId: string,
  requestId: string,
): ServiceError {
  switch (answer) {
    case "unknown":
      return passUnknown(eventId);
    case "expired":
      return passExpired(eventId);
    case "used":
      return passUsed(eventId);
    default:
      // Or somebody else takes it over just now.
      return requestInProgress(requestId, "another reservation is being made with the pass");
  }
}

/** Serves the entries of each room together, in order; a failure is that of the room's entries. */
function eachRoom<T, R>(
  wanted: readonly Wanted<T>[],
  serve: (room: Room, entries: readonly T[]) => Promise<readonly R[]>,
): Promise<(R | Error)[]> {
  return eachEvent(
    wanted,
    ({ room }) => room.eventId,
    async (_eventId, some) => {
      const [first] = some;
      const whats = some.map(({ what }) => what);
      return first === undefined ? [] : await serve(first.room, whats);
    },
  );
}
