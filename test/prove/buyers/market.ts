import { randomUUID } from "node:crypto";
import type { EventOnSale } from "../event-on-sale.ts";
import type { Opening } from "./opening.ts";
import { insist, type Person } from "./person.ts";
import type { RestClient } from "./rest-client.ts";

/** How long creating an event may take, in milliseconds. */
const PATIENCE_MS = 15_000;
const HOUR_MS = 3_600_000;

/** Lets the organiser create the events, in this order. Throws when that is not possible. */
export async function openEvents(
  openings: readonly Opening[],
  { client, organiser }: { client: RestClient; organiser: Person },
): Promise<readonly EventOnSale[]> {
  return await Promise.all(openings.map((opening) => openEvent(opening, { client, organiser })));
}

async function openEvent(
  opening: Opening,
  { client, organiser }: { client: RestClient; organiser: Person },
): Promise<EventOnSale> {
  const { body } = await insist(client, performance.now() + PATIENCE_MS, {
    ...{ method: "POST", path: "/v1/events", key: randomUUID() },
    accessToken: await organiser.accessToken(client),
    body: bodyOf(opening),
  });
  const { id, ticketTypes, maxPerUser, holdSeconds } = Object(body);
  return {
    ...{ id, maxPerUser, holdSeconds },
    ticketTypes: [...ticketTypes].map(({ id, capacity, price }) => ({
      ...{ id, capacity, priceMinor: price.amount },
    })),
    hasWaitingRoom: opening.waitingRoom !== undefined,
  };
}

function bodyOf({ name, capacities, maxPerUser, holdSeconds, waitingRoom }: Opening) {
  const now = Date.now();
  return {
    ...{ name, venue: "The laboratory", maxPerUser, holdSeconds },
    startsAt: new Date(now + 240 * HOUR_MS).toISOString(),
    // A clock that is stepped back must not close the sale.
    salesOpenAt: new Date(waitingRoom === undefined ? now - HOUR_MS : now).toISOString(),
    salesCloseAt: new Date(now + 239 * HOUR_MS).toISOString(),
    ...(waitingRoom === undefined
      ? {}
      : { waitingRoom: { ...waitingRoom, onStoreLoss: "closed" } }),
    ticketTypes: capacities.map((capacity, index) => ({
      ...{ name: `Type ${index + 1}`, capacity },
      price: { amount: 1_000 * (index + 1), currency: "EUR" },
    })),
  };
}
