import type { EventOnSale } from "../event-on-sale.ts";
import type { Operation, Told, ToldPlace, ToldReservation, Wish } from "../history.ts";
import type { Line } from "../lines.ts";
import { keyIdOf } from "./cases.ts";
import {
  type Allocation,
  type Evidence,
  type Move,
  moveOf,
  type RequestKey,
  type Reservation,
} from "./evidence.ts";

/** When the history began, in milliseconds since 1970; each operation takes 10 ms, one after another. */
const ZERO_TIME = Date.UTC(2026, 0, 1);
const STEP_MS = 10;
const HOLD_MS = 60_000;

/** What was answered, or why nothing was. */
export type Answer = Partial<Told> | string;

/** Two ticket types, of 5 and 3 units; one person may have 4. */
export const EVENT: EventOnSale = {
  id: "00000000-0000-4000-8000-0000000000e1",
  ticketTypes: [
    { id: "00000000-0000-4000-8000-00000000000a", capacity: 5, priceMinor: 100 },
    { id: "00000000-0000-4000-8000-00000000000b", capacity: 3, priceMinor: 250 },
  ],
  ...{ maxPerUser: 4, holdSeconds: HOLD_MS / 1000, hasWaitingRoom: false },
};
export const [A = "", B = ""] = EVENT.ticketTypes.map(({ id }) => id);

/** A round as it would be if all were well, made step by step; then tests break it. */
export class SampleRound {
  readonly operations: Operation[] = [];
  readonly allocations: Allocation[] = [];
  readonly reservations: Reservation[] = [];
  readonly requestKeys: RequestKey[] = [];
  readonly moves: Move[] = [];
  readonly stream: Move[] = [];
  event: EventOnSale = EVENT;
  /** Whatever begins later came when all was quiet. */
  quietMs = Number.POSITIVE_INFINITY;
  nowMs = 0;
  #seq = 0;

  get history() {
    return { operations: this.operations, originMs: 0 };
  }

  /** What the databases have of it. */
  get evidence(): Evidence {
    const { event, allocations, reservations, requestKeys, moves, stream, quietMs } = this;
    const unitsIn = (state: string, id: string) =>
      allocations
        .filter((one) => one.state === state)
        .flatMap(({ items }) => items)
        .filter(({ ticketTypeId }) => ticketTypeId === id)
        .reduce((sum, { quantity }) => sum + quantity, 0);
    const stock = event.ticketTypes.map(({ id, capacity }) => {
      const [held, sold] = [unitsIn("HELD", id), unitsIn("COMMITTED", id)];
      const names = { eventId: event.id, ticketTypeId: id };
      return { ...names, capacity, held, sold, available: capacity - held - sold };
    });
    return {
      ...{ events: [event], stock, allocations, reservations, requestKeys, moves, stream },
      ...{ quietMs, ledger: [], accounts: new Set(reservations.map(({ userId }) => userId)) },
      ...{ readTime: this.time, readMs: this.nowMs },
    };
  }

  /** The database's time. */
  get time(): number {
    return ZERO_TIME + this.nowMs;
  }

  /** One request and its answer; a text is why there was none. */
  ask(userId: string, wish: Wish, key: string | undefined, answer: Answer): Operation {
    const startMs = this.nowMs + 1;
    this.nowMs += STEP_MS;
    const operation: Operation = {
      ...{ number: this.operations.length + 1, userId, key, wish, startMs, endMs: this.nowMs },
      ...{ outcome: "unknown", told: undefined, lost: undefined },
    };
    this.operations.push(operation);
    if (typeof answer === "string") {
      operation.lost = answer;
      return operation;
    }
    const told = {
      status: 200,
      code: undefined,
      retryAfter: undefined,
      isReplay: false,
      ...answer,
    };
    const { status } = told;
    operation.outcome = status < 300 ? "ok" : status < 500 ? "refused" : "unknown";
    operation.told = told;
    return operation;
  }

  /** Reserves; without an answer when `lost`. Resolves to the reservation's id. */
  reserve(
    userId: string,
    items: readonly Line[],
    { key = `key ${this.operations.length}`, lost = "", pass = "" } = {},
  ): string {
    const wish: Wish = {
      ...{ kind: "reserve", eventId: this.event.id, items },
      ...(pass === "" ? {} : { pass }),
    };
    const operation = this.ask(userId, wish, key, lost);
    const id = keyIdOf(operation) ?? "";
    const prices = new Map(this.event.ticketTypes.map((type) => [type.id, type.priceMinor]));
    const totalMinor = items.reduce(
      (sum, { ticketTypeId, quantity }) => sum + quantity * (prices.get(ticketTypeId) ?? 0),
      0,
    );
    const expireTime = this.time + HOLD_MS;
    const claim = { id, eventId: this.event.id, userId, items };
    this.allocations.push({ ...claim, state: "HELD" });
    this.reservations.push({
      ...{ ...claim, state: "HELD", totalMinor, createTime: this.time, paymentReference: "" },
      ...{ firstExpireTime: expireTime, expireTime, extendCount: 0 },
    });
    this.#tell(id);
    if (lost === "") {
      operation.outcome = "ok";
      operation.told = { ...this.#answer(id), status: 201 };
      operation.lost = undefined;
    }
    return id;
  }

  /** Moves a reservation that is there, and tells so. */
  change(kind: "confirm" | "cancel" | "extend", id: string, key = `key ${this.operations.length}`) {
    const reservation = this.reservation(id);
    const { userId, eventId } = reservation;
    const wish: Wish =
      kind === "confirm"
        ? { kind, eventId, reservationId: id, paymentReference: `pay ${id}` }
        : { kind, eventId, reservationId: id };
    const operation = this.ask(userId, wish, key, {});
    this.requestKeys.push({ keyId: keyIdOf(operation) ?? "", reservationId: id });
    if (kind === "extend") {
      reservation.expireTime = this.time + HOLD_MS;
      reservation.extendCount += 1;
      this.#tell(id);
    } else if (kind === "confirm") {
      reservation.paymentReference = `pay ${id}`;
      this.#move(id, "CONFIRMING", this.allocation(id).state);
      this.#move(id, "CONFIRMED", "COMMITTED");
    } else {
      this.#move(id, "CANCELLED", "VOIDED");
    }
    operation.told = this.#answer(id);
    return operation;
  }

  /** The hold's time passes. */
  expire(id: string): void {
    this.nowMs = this.reservation(id).expireTime - ZERO_TIME + STEP_MS;
    this.#move(id, "EXPIRED", "RELEASED");
  }

  /** Somebody looks at a reservation and sees what is. */
  look(id: string): Operation {
    const { userId, eventId } = this.reservation(id);
    return this.ask(userId, { kind: "look", eventId, reservationId: id }, undefined, {
      ...this.#answer(id),
    });
  }

  /** Somebody asks the waiting room. */
  queue(userId: string, kind: "join" | "poll" | "leave", place?: Partial<ToldPlace>): Operation {
    const whole = { state: "WAITING" as const, position: null, pollAfterMs: null, ...place };
    const answer = place === undefined ? {} : { place: whole };
    return this.ask(userId, { kind, eventId: this.event.id }, undefined, answer);
  }

  /** The reservation as the database has it. */
  reservation(id: string): Reservation {
    const found = this.reservations.find((one) => one.id === id);
    if (found === undefined) {
      throw new Error(`there is no reservation ${id}`);
    }
    return found;
  }

  /** The allocation as the database has it. */
  allocation(id: string): Allocation {
    const found = this.allocations.find((one) => one.id === id);
    if (found === undefined) {
      throw new Error(`there is no allocation ${id}`);
    }
    return found;
  }

  #move(id: string, state: string, allocated: Allocation["state"]): void {
    this.reservation(id).state = state;
    this.allocation(id).state = allocated;
    this.#tell(id);
  }

  /** Consumers are told. */
  #tell(id: string): void {
    const { eventId, userId, state, items, expireTime } = this.reservation(id);
    this.#seq += 1;
    const payload = {
      ...{ reservationId: id, eventId, userId, state, items },
      expireTime: new Date(expireTime).toISOString(),
      time: new Date(this.time).toISOString(),
    };
    const move = moveOf(this.#seq, JSON.stringify(payload));
    this.moves.push(move);
    this.stream.push(move);
  }

  #answer(id: string): Told {
    const { eventId, state, items, totalMinor, expireTime, extendCount } = this.reservation(id);
    const reservation: ToldReservation = {
      ...{ id, eventId, state, items, extendCount, reacquired: false },
      total: { amount: totalMinor, currency: "EUR" },
      expiresAt: state === "HELD" ? new Date(expireTime).toISOString() : "",
    };
    return { status: 200, code: undefined, retryAfter: undefined, isReplay: false, reservation };
  }
}
