import { uuidOf } from "@tessera/service-kit/uuid";
import type { EventOnSale } from "../event-on-sale.ts";
import type { History, Operation, Wish } from "../history.ts";
import type { Allocation, Evidence, Move, Reservation, Stock } from "./evidence.ts";

/** Everything about one reservation. */
export interface ReservationCase {
  id: string;
  event: EventOnSale | undefined;
  operations: readonly Operation[];
  reservation: Reservation | undefined;
  allocation: Allocation | undefined;
  /** In the order of their numbers. */
  moves: readonly Move[];
  /** As they were published, repeats included. */
  stream: readonly Move[];
  /** The requests that had an effect on it. */
  keyIds: readonly string[];
  hasAccount: boolean;
  clock: Clock;
}

/** Everything that one buyer did under one key with one operation. */
export interface KeyCase {
  operations: readonly Operation[];
}

/** Everything about one buyer at one event. */
export interface BuyerCase {
  userId: string;
  event: EventOnSale;
  operations: readonly Operation[];
  reservations: readonly Reservation[];
  allocations: readonly Allocation[];
  /** In the order of their numbers. */
  moves: readonly Move[];
}

/** Everything about one event. */
export interface EventCase {
  event: EventOnSale;
  operations: readonly Operation[];
  stock: readonly Stock[];
  reservations: readonly Reservation[];
  allocations: readonly Allocation[];
  /** In the order of their numbers. */
  moves: readonly Move[];
  quietMs: number;
  clock: Clock;
}

/** How the history's time and the databases' go together. */
interface Clock {
  /** When the history began by the databases' clock, in milliseconds since 1970. */
  zeroTime: number;
  /** When the databases were read, in milliseconds since 1970. */
  readTime: number;
}

/** A round, seen from each side. */
interface Cases {
  operations: readonly Operation[];
  reservations: readonly ReservationCase[];
  keys: readonly KeyCase[];
  buyers: readonly BuyerCase[];
  events: readonly EventCase[];
}

/** The operations that keys belong to, as reservation-svc calls them. */
const OPERATIONS: Readonly<Partial<Record<Wish["kind"], string>>> = {
  reserve: "CreateReservation",
  confirm: "ConfirmReservation",
  cancel: "CancelReservation",
  extend: "ExtendReservation",
};

/**
 * What a request's key is known by in the stores: of a reserve it is the reservation's id. Undefined
 * for requests that need no key.
 */
export function keyIdOf(operation: Operation): string | undefined {
  const { wish, userId, key } = operation;
  const name = OPERATIONS[wish.kind];
  if (name === undefined || key === undefined) {
    return undefined;
  }
  const known = keyIds.get(operation) ?? uuidOf(name, userId, key);
  keyIds.set(operation, known);
  return known;
}

/** Every claim asks for them, and a hash is not for nothing. */
const keyIds = new WeakMap<Operation, string>();

/** Puts everything where it belongs. */
export function casesOf(history: Pick<History, "operations" | "originMs">, evidence: Evidence) {
  const { operations, originMs } = history;
  const { readTime, readMs } = evidence;
  const clock = { zeroTime: readTime - (readMs - originMs), readTime };
  return {
    operations,
    reservations: reservationCases(operations, evidence, clock),
    keys: keyCases(operations),
    buyers: buyerCases(operations, evidence),
    events: eventCases(operations, evidence, clock),
  } satisfies Cases;
}

function reservationCases(
  operations: readonly Operation[],
  evidence: Evidence,
  clock: Clock,
): ReservationCase[] {
  const byId = new Map<string, Operation[]>();
  for (const operation of operations) {
    for (const id of reservationsOf(operation)) {
      const known = byId.get(id);
      known === undefined ? byId.set(id, [operation]) : known.push(operation);
    }
  }
  const reservations = new Map(evidence.reservations.map((one) => [one.id, one]));
  const allocations = new Map(evidence.allocations.map((one) => [one.id, one]));
  const moves = Map.groupBy(evidence.moves, ({ reservationId }) => reservationId);
  const stream = Map.groupBy(evidence.stream, ({ reservationId }) => reservationId);
  const keys = Map.groupBy(evidence.requestKeys, ({ reservationId }) => reservationId);
  const events = new Map(evidence.events.map((one) => [one.id, one]));
  const ids = [byId, reservations, allocations, moves, stream].flatMap((map) => [...map.keys()]);
  return [...new Set(ids)].map((id) => {
    const own = byId.get(id) ?? [];
    const reservation = reservations.get(id);
    const allocation = allocations.get(id);
    const eventId = reservation?.eventId ?? allocation?.eventId ?? own[0]?.wish.eventId ?? "";
    return {
      ...{ id, reservation, allocation, clock, operations: own, event: events.get(eventId) },
      moves: moves.get(id) ?? [],
      stream: stream.get(id) ?? [],
      keyIds: (keys.get(id) ?? []).map(({ keyId }) => keyId),
      hasAccount: reservation === undefined || evidence.accounts.has(reservation.userId),
    };
  });
}

/** Which reservations an operation is about: the one it wishes for, and the one it was told of. */
function reservationsOf(operation: Operation): Set<string> {
  const { wish, told } = operation;
  const ids = new Set<string>();
  const wished =
    wish.kind === "reserve"
      ? keyIdOf(operation)
      : "reservationId" in wish
        ? wish.reservationId
        : undefined;
  for (const id of [wished, told?.reservation?.id]) {
    if (id !== undefined) {
      ids.add(id);
    }
  }
  return ids;
}

function keyCases(operations: readonly Operation[]): KeyCase[] {
  const byKey = Map.groupBy(
    operations.filter((operation) => keyIdOf(operation) !== undefined),
    (operation) => keyIdOf(operation),
  );
  return [...byKey.values()].map((same) => ({ operations: same }));
}

function buyerCases(operations: readonly Operation[], evidence: Evidence): BuyerCase[] {
  const events = new Map(evidence.events.map((one) => [one.id, one]));
  const buyerOf = ({ userId, eventId }: { userId: string; eventId: string }) =>
    `${userId} ${eventId}`;
  const operationsBy = Map.groupBy(operations, ({ userId, wish }) =>
    buyerOf({ userId, eventId: wish.eventId }),
  );
  const reservationsBy = Map.groupBy(evidence.reservations, buyerOf);
  const allocationsBy = Map.groupBy(evidence.allocations, buyerOf);
  const movesBy = Map.groupBy(evidence.moves, buyerOf);
  const buyers = new Set(
    [operationsBy, reservationsBy, allocationsBy].flatMap((m) => [...m.keys()]),
  );
  return [...buyers].flatMap((buyer) => {
    const [userId = "", eventId = ""] = buyer.split(" ");
    const event = events.get(eventId);
    const own = {
      operations: operationsBy.get(buyer) ?? [],
      reservations: reservationsBy.get(buyer) ?? [],
      allocations: allocationsBy.get(buyer) ?? [],
      moves: movesBy.get(buyer) ?? [],
    };
    return event === undefined ? [] : [{ userId, event, ...own }];
  });
}

function eventCases(
  operations: readonly Operation[],
  evidence: Evidence,
  clock: Clock,
): EventCase[] {
  const eventOf = ({ eventId }: { eventId: string }) => eventId;
  const operationsBy = Map.groupBy(operations, ({ wish }) => wish.eventId);
  const reservationsBy = Map.groupBy(evidence.reservations, eventOf);
  const allocationsBy = Map.groupBy(evidence.allocations, eventOf);
  const movesBy = Map.groupBy(evidence.moves, eventOf);
  return evidence.events.map((event) => ({
    ...{ event, clock, quietMs: evidence.quietMs },
    stock: evidence.stock.filter(({ eventId }) => eventId === event.id),
    operations: operationsBy.get(event.id) ?? [],
    reservations: reservationsBy.get(event.id) ?? [],
    allocations: allocationsBy.get(event.id) ?? [],
    moves: movesBy.get(event.id) ?? [],
  }));
}
