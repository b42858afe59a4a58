import { randomUUID } from "node:crypto";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { Grant, Ledger, StockLevels } from "../src/app/ledger.ts";
import type { Item, Reservation } from "../src/domain/reservation.ts";

type Wishes = Parameters<Ledger["allocate"]>[0];
type Method = "allocate" | "find" | "commit" | "release" | "extend";

/** One event; times in milliseconds. */
interface MemoryEvent {
  available: Map<string, number>;
  capacity: number;
  maxPerUser: number;
  holdMs: number;
  fence: number;
  version: number;
}

/** One allocation, as inventory-svc keeps it. */
export interface MemoryAllocation {
  id: string;
  eventId: string;
  userId: string;
  items: readonly Item[];
  state: "HELD" | "COMMITTED" | "RELEASED";
  isFinal: boolean;
  isReacquired: boolean;
  allocateTime: Date;
  firstExpireTime: Date;
  expireTime: Date;
}

const PRICE_MINOR = 2_500;

/**
 * The ledger in memory, with the contract's semantics: each call is one transaction, an
 * allocation id gets its first answer again, releases give back once.
 */
export class MemoryLedger implements Ledger {
  readonly allocations = new Map<string, MemoryAllocation>();
  readonly calls: Record<Method, number> = {
    allocate: 0,
    find: 0,
    commit: 0,
    release: 0,
    extend: 0,
  };
  /** How often units of each allocation were really given back. */
  readonly givenBack = new Map<string, number>();
  /** Runs before a call is served; throw, or wait, to fail or hold it up. */
  before: (method: Method) => Promise<void> = () => Promise.resolve();
  /** Events of which nothing can be released. */
  readonly unreachable = new Set<string>();
  now: () => Date = () => new Date();
  readonly #events = new Map<string, MemoryEvent>();

  /** Adds an event with one ticket type, or more, of the same capacity. */
  addEvent(
    event: { capacity?: number; holdMs?: number; maxPerUser?: number; types?: number } = {},
  ): { eventId: string; types: string[] } {
    const { capacity = 100, holdMs = 600_000, maxPerUser = 8 } = event;
    const types = Array.from({ length: event.types ?? 1 }, () => randomUUID());
    const eventId = randomUUID();
    const available = new Map(types.map((id) => [id, capacity]));
    this.#events.set(eventId, { available, capacity, maxPerUser, holdMs, fence: 0, version: 1 });
    return { eventId, types };
  }

  /** Units by where they are, over all types of an event. */
  stockOf(eventId: string): { available: number; held: number; sold: number } {
    const sums = { available: 0, held: 0, sold: 0 };
    for (const left of this.#event(eventId).available.values()) {
      sums.available += left;
    }
    for (const { state, items, ...allocation } of this.allocations.values()) {
      if (allocation.eventId === eventId && state !== "RELEASED") {
        sums[state === "HELD" ? "held" : "sold"] += unitsOf(items);
      }
    }
    return sums;
  }

  async allocate(batch: Wishes): ReturnType<Ledger["allocate"]> {
    await this.#begin("allocate");
    const event = this.#events.get(batch.eventId);
    if (event === undefined) {
      const refusal = new ServiceError("EVENT_NOT_FOUND", `no event ${batch.eventId}`);
      return { answers: batch.wishes.map(() => refusal), stock: undefined };
    }
    if (batch.token > 0 && batch.token < event.fence) {
      const metadata = { lastToken: String(event.fence) };
      throw new ServiceError("FENCED", "a newer lock holder came first", { metadata });
    }
    event.fence = Math.max(event.fence, batch.token);
    const answers = batch.wishes.map((wish) => this.#decide(event, batch.eventId, wish));
    return { answers, stock: this.#levels(batch.eventId) };
  }

  async find(ids: readonly string[]): Promise<Map<string, { hasUnits: boolean }>> {
    await this.#begin("find");
    return new Map(
      ids.flatMap((id) => {
        const allocation = this.allocations.get(id);
        return allocation === undefined
          ? []
          : [[id, { hasUnits: allocation.state !== "RELEASED" }]];
      }),
    );
  }

  async commit(reservations: readonly Reservation[]): ReturnType<Ledger["commit"]> {
    await this.#begin("commit");
    const answers = reservations.map(({ id, eventId }) => this.#commit(id, eventId));
    return { answers, stocks: this.#levelsOf(reservations) };
  }

  async release(
    reservations: readonly Pick<Reservation, "id" | "eventId" | "state">[],
  ): ReturnType<Ledger["release"]> {
    await this.#begin("release");
    const reachable = reservations.filter(({ eventId }) => !this.unreachable.has(eventId));
    if (reachable.length === 0) {
      throw new ServiceError("DEPENDENCY_UNAVAILABLE", "the event is locked");
    }
    for (const { id, state } of reachable) {
      const allocation = this.allocations.get(id);
      const isFinal = state === "cancelled";
      if (allocation !== undefined) {
        allocation.isFinal ||= isFinal;
        if (allocation.state === "HELD" || (isFinal && allocation.state === "COMMITTED")) {
          allocation.state = "RELEASED";
          this.givenBack.set(id, (this.givenBack.get(id) ?? 0) + 1);
          this.#move(this.#event(allocation.eventId), allocation.items, 1);
        }
      }
    }
    return { stocks: this.#levelsOf(reachable), unreachable: this.unreachable };
  }

  async extend(allocationId: string, expireTime: Date): Promise<void> {
    await this.#begin("extend");
    const allocation = this.allocations.get(allocationId);
    if (allocation?.state !== "HELD") {
      throw new ServiceError("ALLOCATION_NOT_HELD", "not held any more");
    }
    if (expireTime > allocation.expireTime) {
      allocation.expireTime = expireTime;
    }
  }

  async #begin(method: Method): Promise<void> {
    this.calls[method] += 1;
    await this.before(method);
    // As over a network: the caller's other work goes on meanwhile.
    await new Promise(setImmediate);
  }

  #decide(event: MemoryEvent, eventId: string, wish: Wishes["wishes"][number]) {
    const { allocationId, userId, items } = wish;
    const known = this.allocations.get(allocationId);
    if (known !== undefined) {
      const isSame =
        known.eventId === eventId && known.userId === userId && textOf(known) === textOf(wish);
      return isSame ? grantOf(known, true) : new ServiceError("ALLOCATION_CONFLICT", "taken");
    }
    const short = items.find(
      (item) => (event.available.get(item.ticketTypeId) ?? -1) < item.quantity,
    );
    if (short !== undefined) {
      return event.available.has(short.ticketTypeId)
        ? new ServiceError("SOLD_OUT", "too few units are left")
        : new ServiceError("TICKET_TYPE_NOT_FOUND", "no such type");
    }
    if (this.#unitsOfUser(eventId, userId) + unitsOf(items) > event.maxPerUser) {
      return new ServiceError("LIMIT_EXCEEDED", "more than one user may have");
    }
    this.#move(event, items, -1);
    const allocateTime = this.now();
    const expireTime = new Date(allocateTime.getTime() + event.holdMs);
    const allocation: MemoryAllocation = {
      id: allocationId,
      eventId,
      userId,
      items,
      state: "HELD",
      isFinal: false,
      isReacquired: false,
      allocateTime,
      firstExpireTime: expireTime,
      expireTime,
    };
    this.allocations.set(allocationId, allocation);
    return grantOf(allocation, false);
  }

  #commit(id: string, eventId: string): { isReacquired: boolean } | ServiceError {
    const allocation = this.allocations.get(id);
    if (allocation?.eventId !== eventId) {
      return new ServiceError("ALLOCATION_NOT_FOUND", "no such allocation");
    }
    if (allocation.isFinal) {
      return new ServiceError("ALLOCATION_NOT_HELD", "given back for good");
    }
    if (allocation.state === "RELEASED") {
      const event = this.#event(eventId);
      const { items, userId } = allocation;
      if (items.some((item) => (event.available.get(item.ticketTypeId) ?? 0) < item.quantity)) {
        allocation.isFinal = true;
        return new ServiceError("SOLD_OUT", "too few units are left");
      }
      if (this.#unitsOfUser(eventId, userId) + unitsOf(items) > event.maxPerUser) {
        allocation.isFinal = true;
        return new ServiceError("LIMIT_EXCEEDED", "more than one user may have");
      }
      this.#move(event, items, -1);
      allocation.isReacquired = true;
    }
    allocation.state = "COMMITTED";
    return { isReacquired: allocation.isReacquired };
  }

  #move(event: MemoryEvent, items: readonly Item[], sign: 1 | -1): void {
    event.version += 1;
    for (const { ticketTypeId, quantity } of items) {
      const left = (event.available.get(ticketTypeId) ?? 0) + sign * quantity;
      if (left < 0 || left > event.capacity) {
        throw new Error(`the ledger would have ${left} of ${event.capacity} units`);
      }
      event.available.set(ticketTypeId, left);
    }
  }

  #unitsOfUser(eventId: string, userId: string): number {
    let sum = 0;
    for (const allocation of this.allocations.values()) {
      if (allocation.eventId === eventId && allocation.userId === userId) {
        sum += allocation.state === "RELEASED" ? 0 : unitsOf(allocation.items);
      }
    }
    return sum;
  }

  #levelsOf(reservations: readonly Pick<Reservation, "eventId">[]): StockLevels[] {
    const ids = new Set(reservations.map(({ eventId }) => eventId));
    return [...ids].map((id) => this.#levels(id));
  }

  #levels(eventId: string): StockLevels {
    const { version, available } = this.#event(eventId);
    return { eventId, version, available: new Map(available) };
  }

  #event(eventId: string): MemoryEvent {
    const event = this.#events.get(eventId);
    if (event === undefined) {
      throw new Error(`the test made no event ${eventId}`);
    }
    return event;
  }
}

function grantOf(allocation: MemoryAllocation, isReplay: boolean): Grant {
  return {
    totalMinor: unitsOf(allocation.items) * PRICE_MINOR,
    currency: "EUR",
    isReplay,
    allocateTime: allocation.allocateTime,
    expireTime: allocation.firstExpireTime,
  };
}

function unitsOf(items: readonly Item[]): number {
  return items.reduce((sum, { quantity }) => sum + quantity, 0);
}

function textOf({ items }: { items: readonly Item[] }): string {
  return JSON.stringify(items.map(({ ticketTypeId, quantity }) => [ticketTypeId, quantity]).sort());
}
