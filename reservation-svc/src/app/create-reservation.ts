import { hash } from "node:crypto";
import { Batcher } from "@tessera/service-kit/batcher";
import { ServiceError } from "@tessera/service-kit/service-error";
import { uuidOf } from "@tessera/service-kit/uuid";
import { idempotencyKeyReused, requestInProgress, soldOut } from "../domain/errors.ts";
import { asFirstAnswered, type Item, type Reservation } from "../domain/reservation.ts";
import type { AvailabilityCache } from "./availability-cache.ts";
import type { Combiners } from "./combiners.ts";
import type { Grant } from "./ledger.ts";
import {
  DuplicateReservation,
  type NewReservation,
  type ReservationStore,
} from "./reservation-store.ts";

/** One buyer's wish; the items are merged and checked. */
export interface CreateWish {
  requestId: string;
  userId: string;
  eventId: string;
  items: readonly Item[];
}

/** What creating reservations needs. */
export interface CreateDeps {
  store: ReservationStore;
  combiners: Combiners;
  cache: AvailabilityCache;
  /** Reservations that one write has at most. */
  maxWriteBatch: number;
  /** Writes that run at once. */
  maxWrites: number;
  /** Reservations that wait to be written at most. */
  maxWriteQueue: number;
  /**
   * The reservation's id. It must be the same for the same user and request id: that is what
   * makes a retry harmless, on both sides of the call to the ledger.
   */
  idOf?: (wish: CreateWish) => string;
}

/** The id that a user's request always leads to. */
export function reservationIdOf({ userId, requestId }: CreateWish): string {
  return uuidOf("CreateReservation", userId, requestId);
}

/**
 * Makes reservations. The id follows from the user and the request id, so a request that is
 * repeated, by the buyer, the mesh or after a crash, meets what the first one left behind: the
 * ledger's grant, the reservation, or both.
 */
export class CreateReservation {
  readonly #deps: CreateDeps;
  readonly #idOf: (wish: CreateWish) => string;
  readonly #running = new Set<string>();
  readonly #writer: Batcher<NewReservation, true>;
  readonly #finder: Batcher<string, NewReservation | "none">;

  constructor(deps: CreateDeps) {
    this.#deps = deps;
    this.#idOf = deps.idOf ?? reservationIdOf;
    this.#writer = new Batcher({
      name: "the write queue",
      run: (created) => this.#write(created),
      maxBatch: deps.maxWriteBatch,
      maxInFlight: deps.maxWrites,
      maxQueue: deps.maxWriteQueue,
    });
    this.#finder = new Batcher({
      name: "the lookup queue",
      run: (ids) => this.#findAll(ids),
      maxBatch: 500,
      maxInFlight: 2,
      maxQueue: deps.maxWriteQueue,
    });
  }

  /** How many reservations wait to be written. */
  get writeQueueDepth(): number {
    return this.#writer.depth;
  }

  /** Reserves, or throws the reason why not. `deadline` is a performance.now() time. */
  async create(
    wish: CreateWish,
    deadline: number,
  ): Promise<{ reservation: Reservation; isReplay: boolean }> {
    const id = this.#idOf(wish);
    if (this.#running.has(id)) {
      throw requestInProgress(wish.requestId);
    }
    this.#running.add(id);
    try {
      return await this.#create(id, wish, deadline);
    } finally {
      this.#running.delete(id);
    }
  }

  async #create(
    id: string,
    wish: CreateWish,
    deadline: number,
  ): Promise<{ reservation: Reservation; isReplay: boolean }> {
    const bodyHash = bodyHashOf(wish);
    const gone = this.#deps.cache.soldOut(wish.eventId, wish.items);
    if (gone !== undefined) {
      // This buyer may have been among the lucky ones, and asks again.
      return (await this.#replay(id, wish, bodyHash)) ?? refuse(soldOut(gone));
    }
    const { userId, items } = wish;
    const allocation = { allocationId: id, userId, items };
    const answer = await this.#deps.combiners.submit(wish.eventId, allocation, deadline);
    if (answer instanceof ServiceError) {
      throw answer.reason === "ALLOCATION_CONFLICT" ? idempotencyKeyReused(wish.requestId) : answer;
    }
    if (answer.isReplay) {
      const first = await this.#replay(id, wish, bodyHash);
      if (first !== undefined) {
        return first;
      }
      // The first try died between the ledger and the write: this one finishes it.
    }
    const reservation = heldReservation(id, wish, answer);
    try {
      await this.#writer.submit({ reservation, bodyHash });
    } catch (reason) {
      // Another replica served the same request at the same time, and was first.
      const first =
        reason instanceof DuplicateReservation ? await this.#replay(id, wish, bodyHash) : undefined;
      return first ?? refuse(reason);
    }
    return { reservation, isReplay: answer.isReplay };
  }

  /** The first answer to this request, if there was one. */
  async #replay(
    id: string,
    wish: CreateWish,
    bodyHash: Buffer,
  ): Promise<{ reservation: Reservation; isReplay: true } | undefined> {
    const found = await this.#finder.submit(id);
    if (found === "none") {
      return undefined;
    }
    if (!found.bodyHash.equals(bodyHash)) {
      throw idempotencyKeyReused(wish.requestId);
    }
    return { reservation: asFirstAnswered(found.reservation), isReplay: true };
  }

  async #findAll(ids: readonly string[]): Promise<(NewReservation | "none")[]> {
    const found = await this.#deps.store.find(ids);
    const byId = new Map(found.map((one) => [one.reservation.id, one]));
    return ids.map((id) => byId.get(id) ?? "none");
  }

  async #write(created: readonly NewReservation[]): Promise<(true | Error)[]> {
    const { store } = this.#deps;
    try {
      await store.insert(created);
      return created.map(() => true);
    } catch (reason) {
      if (!(reason instanceof DuplicateReservation) || created.length === 1) {
        throw reason;
      }
      // One duplicate failed the whole write: each by itself, then.
      const settled = await Promise.allSettled(created.map((one) => store.insert([one])));
      return settled.map((one) => (one.status === "fulfilled" ? true : one.reason));
    }
  }
}

function refuse(reason: unknown): never {
  throw reason;
}

/** What must be the same for two requests to be the same request. */
function bodyHashOf({ eventId, items }: CreateWish): Buffer {
  const body = JSON.stringify([
    eventId,
    ...items.map(({ ticketTypeId, quantity }) => [ticketTypeId, quantity]).sort(),
  ]);
  return hash("sha256", body, "buffer").subarray(0, 16);
}

function heldReservation(id: string, wish: CreateWish, grant: Grant): Reservation {
  return {
    id,
    eventId: wish.eventId,
    userId: wish.userId,
    state: "held",
    items: wish.items,
    totalMinor: grant.totalMinor,
    currency: grant.currency,
    createTime: grant.allocateTime,
    firstExpireTime: grant.expireTime,
    expireTime: grant.expireTime,
    updateTime: grant.allocateTime,
    paymentReference: "",
    extendCount: 0,
    isReacquired: false,
  };
}
