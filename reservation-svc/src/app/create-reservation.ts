import { hash } from "node:crypto";
import { Batcher } from "@tessera/service-kit/batcher";
import { Finder } from "@tessera/service-kit/finder";
import { ServiceError } from "@tessera/service-kit/service-error";
import { uuidOf } from "@tessera/service-kit/uuid";
import { isOlder } from "../domain/admission.ts";
import {
  holdExpired,
  idempotencyKeyReused,
  refuse,
  requestInProgress,
  soldOut,
} from "../domain/errors.ts";
import { heldReservation } from "../domain/held-reservation.ts";
import { asFirstAnswered, type Item, type Reservation } from "../domain/reservation.ts";
import type { Room } from "../domain/waiting-room.ts";
import type { AvailabilityCache } from "./availability-cache.ts";
import type { Combiners } from "./combiners.ts";
import type { Allocation, Grant, Ledger } from "./ledger.ts";
import type { HeldPass, PassGate } from "./pass-gate.ts";
import { isNotAnswered, isRefusal } from "./refusals.ts";
import {
  DuplicateReservation,
  type FoundReservation,
  type NewReservation,
  type ReservationStore,
} from "./reservation-store.ts";

/** One buyer's wish; the items are merged and checked. */
export interface CreateWish {
  requestId: string;
  userId: string;
  eventId: string;
  items: readonly Item[];
  /** Empty when the buyer shows none. */
  admissionPass: string;
}

/** What was reserved, now or by an earlier call. */
export interface Created {
  reservation: Reservation;
  isReplay: boolean;
}

/** What creating reservations needs. */
export interface CreateDeps {
  store: ReservationStore;
  combiners: Combiners;
  cache: AvailabilityCache;
  gate: Pick<PassGate, "roomOf" | "claim">;
  ledger: Pick<Ledger, "find">;
  /** How long a call to the ledger may take, in milliseconds. */
  ledgerTimeoutMs: number;
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

/** A wish with what follows from it. */
interface Request {
  id: string;
  wish: CreateWish;
  deadline: number;
  bodyHash: Buffer;
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
  readonly #finder: Finder<FoundReservation>;
  readonly #allocations: Finder<Allocation>;

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
    const bounds = { maxBatch: 500, maxInFlight: 2, maxQueue: deps.maxWriteQueue };
    this.#finder = new Finder({
      ...bounds,
      name: "the replay queue",
      find: (ids) => deps.store.find(ids),
    });
    this.#allocations = new Finder({
      ...bounds,
      name: "the lookup queue",
      find: (ids) => deps.ledger.find(ids, { timeoutMs: deps.ledgerTimeoutMs }),
    });
  }

  /** How many reservations wait to be written. */
  get writeQueueDepth(): number {
    return this.#writer.depth;
  }

  /** How many requests that "sold out" would answer wait to be looked up in the ledger. */
  get lookupQueueDepth(): number {
    return this.#allocations.depth;
  }

  /** How many requests wait for their first answer. */
  get replayQueueDepth(): number {
    return this.#finder.depth;
  }

  /** Reserves, or throws the reason why not. `deadline` is a performance.now() time. */
  async create(wish: CreateWish, deadline: number): Promise<Created> {
    const id = this.#idOf(wish);
    if (this.#running.has(id)) {
      throw requestInProgress(wish.requestId);
    }
    this.#running.add(id);
    try {
      const request = { id, wish, deadline, bodyHash: bodyHashOf(wish) };
      const known = this.#deps.gate.roomOf(wish.eventId);
      const room = known instanceof Promise ? await known : known;
      return await (room === undefined
        ? this.#create(request)
        : this.#createWithPass(room, request));
    } finally {
      this.#running.delete(id);
    }
  }

  async #create(request: Request): Promise<Created> {
    const decision = await this.#decide(request);
    return "reservation" in decision ? decision : await this.#keep(request, decision);
  }

  /** Once the ledger granted, the pass stays with this request until it is known what came of it. */
  async #createWithPass(room: Room, request: Request): Promise<Created> {
    const { id, wish, deadline } = request;
    let pass: HeldPass;
    try {
      pass = await this.#deps.gate.claim(room, wish, { reservationId: id, deadline });
    } catch (refusal) {
      if (isNotAnswered(refusal)) {
        throw refusal;
      }
      // What was reserved with the pass is told again, whatever became of the pass since.
      return (await this.#replay(request)) ?? (await this.#finish(request)) ?? refuse(refusal);
    }
    let decision: Grant | Created;
    try {
      decision = await this.#decide(request);
    } catch (reason) {
      if (await this.#isUnused(pass, id, reason)) {
        await pass.handBack();
      }
      throw reason;
    }
    const created = "reservation" in decision ? decision : await this.#keep(request, decision);
    if (created.isReplay && isOlder(created.reservation, pass.admitTime)) {
      await pass.handBack();
      return created;
    }
    await pass.use(wish.items.reduce((sum, { quantity }) => sum + quantity, 0));
    return created;
  }

  /** True when the refusal means, for certain, that nothing was made with the pass. */
  async #isUnused(pass: HeldPass, id: string, refusal: unknown): Promise<boolean> {
    if (!(refusal instanceof ServiceError) || refusal.reason !== "IDEMPOTENCY_KEY_REUSED") {
      return isRefusal(refusal);
    }
    // Something was made under this id: with the pass, unless it is older.
    const first = await this.#finder.find(id).catch(() => undefined);
    return first !== undefined && isOlder(first.reservation, pass.admitTime);
  }

  /** Keeps what the ledger granted to a first try that died before it could. */
  async #finish(request: Request): Promise<Created | undefined> {
    const { id, wish, deadline } = request;
    const isShown = wish.admissionPass !== "";
    const allocation = isShown ? await this.#allocations.find(id, deadline) : undefined;
    return allocation?.hasUnits === true ? await this.#create(request) : undefined;
  }

  /** What the ledger says: a grant to be kept, or what an earlier call reserved. */
  async #decide(request: Request): Promise<Grant | Created> {
    const { id, wish, deadline } = request;
    const gone = this.#deps.cache.soldOut(wish.eventId, wish.items);
    if (gone !== undefined) {
      // This buyer may have been among the lucky ones, and asks again.
      const allocation = await this.#allocations.find(id, deadline);
      const first = allocation === undefined ? undefined : await this.#replay(request);
      if (first !== undefined) {
        return first;
      }
      if (allocation?.hasUnits !== true) {
        throw soldOut(gone);
      }
    }
    const { userId, items } = wish;
    const allocation = { allocationId: id, userId, items };
    const answer = await this.#deps.combiners.submit(wish.eventId, allocation, deadline);
    if (answer instanceof ServiceError) {
      throw answer.reason === "ALLOCATION_CONFLICT" ? idempotencyKeyReused(wish.requestId) : answer;
    }
    if (!answer.isReplay) {
      return answer;
    }
    const first = await this.#replay(request);
    if (first !== undefined) {
      return first;
    }
    // The first try died between the ledger and the write: this one finishes it, if it still can.
    if ((await this.#allocations.find(id, deadline))?.hasUnits === false) {
      throw holdExpired(id);
    }
    return answer;
  }

  async #keep(request: Request, grant: Grant): Promise<Created> {
    const reservation = heldReservation({ ...grant, ...request.wish, id: request.id });
    try {
      await this.#writer.submit({ reservation, bodyHash: request.bodyHash });
    } catch (reason) {
      // Another replica served the same request at the same time, and was first.
      const first =
        reason instanceof DuplicateReservation ? await this.#replay(request) : undefined;
      return first ?? refuse(reason);
    }
    return { reservation, isReplay: grant.isReplay };
  }

  /** The first answer to this request, if there was one. */
  async #replay({ id, wish, bodyHash }: Request): Promise<Created | undefined> {
    const found = await this.#finder.find(id);
    if (found === undefined) {
      return undefined;
    }
    if (!found.bodyHash.equals(bodyHash)) {
      throw idempotencyKeyReused(wish.requestId);
    }
    return { reservation: asFirstAnswered(found.reservation), isReplay: true };
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

/** What must be the same for two requests to be the same request. */
function bodyHashOf({ eventId, items }: CreateWish): Buffer {
  const body = JSON.stringify([
    eventId,
    ...items.map(({ ticketTypeId, quantity }) => [ticketTypeId, quantity]).sort(),
  ]);
  return hash("sha256", body, "buffer").subarray(0, 16);
}
