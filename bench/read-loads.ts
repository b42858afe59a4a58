import type { EventSort } from "../inventory-svc/src/app/event-store.ts";
import { mix } from "../tools/dataset/mix.ts";
import {
  eventPageTokens,
  type ReservationKey,
  randomEvents,
  randomReservations,
} from "../tools/dataset/read-keys.ts";
import { mintTokens } from "../tools/load-users.ts";
import type { LocalSystem } from "../tools/local/system.ts";
import type { Target } from "./targets.ts";
import { oneOf } from "./tessera.ts";

/** How BFF and inventory-svc call the orders of a list. */
export const SORTS = {
  startsAt: "startTime",
  name: "name",
  "-createdAt": "createTimeDesc",
} as const satisfies Record<string, EventSort>;

/** Items on a page. */
export const PAGE = 10;

/** Whose reservations are read: as many as the BFF has signed in at once without any trouble. */
const READERS = 2_000;

/** Pages of events at a depth, counted in pages: each request another one, none from memory. */
export async function listing(
  system: LocalSystem,
  sort: keyof typeof SORTS,
  { pageDepth, count }: { pageDepth: number; count: number },
): Promise<Target> {
  const depth = (pageDepth - 1) * PAGE;
  const wish = { sort: SORTS[sort], depth, count };
  const tokens = await eventPageTokens(system.mysqlUrls.inventory, wish);
  return get(system, (index) => {
    const cursor = oneOf(tokens, index);
    return `/v1/events?limit=${PAGE}&sort=${sort}&cursor=${cursor}`;
  });
}

/** Events by id, and what is left of them, from all over the table. */
export async function readingEvents(
  system: LocalSystem,
  what: "detail" | "availability",
  { seed, count }: { seed: number; count: number },
): Promise<Target> {
  const ids = await randomEvents(system.mysqlUrls.inventory, count, chanceOf(seed));
  const end = what === "availability" ? "/availability" : "";
  return get(system, (index) => `/v1/events/${oneOf(ids, index)}${end}`);
}

/** One's own reservations, by id or as pages of the list, from all over the table. */
export async function readingReservations(
  system: LocalSystem,
  what: "one" | "list",
  { seed, count }: { seed: number; count: number },
): Promise<Target> {
  const url = system.mysqlUrls.reservation;
  const keys = await randomReservations(url, count, chanceOf(seed));
  const tokens = await tokensOf(system, keys);
  const mine = keys.filter(({ userId }) => tokens.has(userId));
  const path = ({ reservationId, pageToken }: ReservationKey) =>
    what === "one"
      ? `/v1/reservations/${reservationId}`
      : `/v1/reservations?limit=${PAGE}&cursor=${pageToken}`;
  return get(
    system,
    (index) => path(oneOf(mine, index)),
    (index) => `Authorization: Bearer ${tokens.get(oneOf(mine, index).userId)}\r\n`,
  );
}

/** Access tokens of the owners of these reservations, of some of them if they are many. */
async function tokensOf(
  system: LocalSystem,
  keys: readonly ReservationKey[],
): Promise<Map<string, string>> {
  const owners = [...new Set(keys.map(({ userId }) => userId))].slice(0, READERS);
  const users = await mintTokens(owners, { ...system, mysqlUrl: system.mysqlUrls.user });
  return new Map(users.map(({ userId, accessToken }) => [userId, accessToken]));
}

function get(
  { ports }: LocalSystem,
  pathOf: (index: number) => string,
  headersOf: (index: number) => string = () => "",
): Target {
  return {
    port: ports.bff,
    request: (index) =>
      `GET ${pathOf(index)} HTTP/1.1\r\nHost: localhost\r\n${headersOf(index)}\r\n`,
  };
}

/** Numbers from 0 to 1 that look like chance, the same for the same seed. */
function chanceOf(seed: number): () => number {
  let n = 0;
  return () => {
    n += 1;
    return mix(seed, n) / 2 ** 32;
  };
}
