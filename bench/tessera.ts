import { randomUUID } from "node:crypto";
import type { LoadUser } from "../tools/load-users.ts";
import { callRest } from "../tools/local/rest.ts";
import { signInOrganiser } from "../tools/local/seed.ts";
import type { LocalSystem } from "../tools/local/system.ts";
import { postJson } from "./load.ts";
import type { Target } from "./targets.ts";

/** An event on sale, as far as the bench looks at it. */
export interface SaleEvent {
  id: string;
  ticketTypes: { id: string }[];
}

/** A reservation that a load made, and by whom. */
export interface Made {
  reservationId: string;
  user: LoadUser;
}

/** What differs between events. */
export interface NewEvent {
  capacity: number;
  holdSeconds?: number;
  waitingRoom?: object;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Puts events on sale, each with one ticket type. */
export async function createEvents(
  system: LocalSystem,
  count: number,
  event: NewEvent,
): Promise<SaleEvent[]> {
  const accessToken = await signInOrganiser(system.bffUrl);
  const now = Date.now();
  return await Promise.all(
    Array.from({ length: count }, (_one, index) =>
      callRest<SaleEvent>(`${system.bffUrl}/v1/events`, {
        accessToken,
        body: eventBody(`Load ${now} ${index}`, event),
      }),
    ),
  );
}

/** An event that is on sale now and has one ticket type, as REST takes it. */
export function eventBody(name: string, event: NewEvent) {
  const { capacity, holdSeconds = 7200, waitingRoom } = event;
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  return {
    name,
    venue: "Loopback Hall",
    startsAt: at(30 * DAY_MS),
    salesOpenAt: at(-DAY_MS),
    salesCloseAt: at(DAY_MS),
    holdSeconds,
    maxPerUser: 1000,
    ...(waitingRoom === undefined ? {} : { waitingRoom }),
    ticketTypes: [{ name: "Any", price: { amount: 1000, currency: "EUR" }, capacity }],
  };
}

/** One unit a request, users and events in turn, a new key each time. */
export function reserving(
  system: LocalSystem,
  users: readonly LoadUser[],
  events: readonly SaleEvent[],
): Target & { userOf: (index: number) => LoadUser } {
  const run = randomUUID();
  const bodies = events.map(({ id, ticketTypes }) =>
    JSON.stringify({
      eventId: id,
      items: [{ ticketTypeId: ticketTypes[0]?.id, quantity: 1 }],
    }),
  );
  const userOf = (index: number) => oneOf(users, index);
  return {
    port: system.ports.bff,
    userOf,
    request: (index) =>
      postJson("/v1/reservations", oneOf(bodies, index), headersOf(userOf(index), run, index)),
  };
}

/** Confirms reservations, each once. */
export function confirming(system: LocalSystem, made: readonly Made[]): Target {
  const run = randomUUID();
  const body = JSON.stringify({ paymentReference: "pay-1" });
  return {
    port: system.ports.bff,
    request: (index) => {
      const { reservationId, user } = oneOf(made, index);
      const path = `/v1/reservations/${reservationId}/confirm`;
      return postJson(path, body, headersOf(user, run, index));
    },
  };
}

function headersOf({ accessToken }: LoadUser, run: string, index: number): string {
  return `Authorization: Bearer ${accessToken}\r\nIdempotency-Key: ${run}-${index}\r\n`;
}

/** Lists are gone through again and again. */
export function oneOf<T>(list: readonly T[], index: number): T {
  const one = list[index % list.length];
  if (one === undefined) {
    throw new RangeError("an empty list has no elements");
  }
  return one;
}
