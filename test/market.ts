import { randomUUID } from "node:crypto";
import { ORGANISER } from "@tessera/testkit/services";
import { expect } from "chai";
import { type Answer, call } from "./rest.ts";
import { eachOf, persist } from "./storm.ts";

/** A reservation as REST writes it. */
export interface Reservation {
  id: string;
  eventId: string;
  state: string;
  items: { ticketTypeId: string; quantity: number }[];
  total: { amount: number; currency: string };
  expiresAt: string;
  serverTime: string;
  extendCount: number;
  reacquired: boolean;
}

/** An event that is on sale. */
export interface SaleEvent {
  id: string;
  /** Its ticket types' ids, in order. */
  types: string[];
}

/** What is left of a ticket type. */
export interface Stock {
  id: string;
  capacity: number;
  available: number;
  held: number;
  sold: number;
}

const PASSWORD = "a password for tests";

/** Somebody who is signed in, and talks to one BFF. */
export class Buyer {
  /** The BFF that the buyer talks to. */
  url: string;
  readonly userId: string;
  readonly token: string;

  constructor(options: { url: string; userId: string; token: string }) {
    this.url = options.url;
    this.userId = options.userId;
    this.token = options.token;
  }

  /** Reserves so many units of ticket types by their position in the event. */
  reserve(
    event: SaleEvent,
    quantities: readonly (readonly [type: number, quantity: number])[] = [[0, 1]],
    key: string = randomUUID(),
  ): Promise<Answer<Reservation>> {
    const items = quantities.map(([type, quantity]) => ({
      ticketTypeId: event.types[type] ?? "",
      quantity,
    }));
    return this.post("", { body: { eventId: event.id, items }, key });
  }

  /** Pays. */
  confirm(
    id: string,
    { key = randomUUID() as string, paymentReference = `pay-${id}` } = {},
  ): Promise<Answer<Reservation>> {
    return this.post(`/${id}/confirm`, { body: { paymentReference }, key });
  }

  /** Gives the units back. */
  cancel(id: string, key: string = randomUUID()): Promise<Answer<Reservation>> {
    return this.post(`/${id}/cancel`, { body: {}, key });
  }

  /** Wants more time. */
  extend(id: string, key: string = randomUUID()): Promise<Answer<Reservation>> {
    return this.post(`/${id}/extend`, { body: {}, key });
  }

  /** Looks at a reservation. */
  get(id: string): Promise<Answer<Reservation>> {
    return call(`${this.url}/v1/reservations/${id}`, { token: this.token });
  }

  /** Sends anything to the reservations' routes. */
  post(path: string, request: { body: unknown; key?: string }): Promise<Answer<Reservation>> {
    const { body, key } = request;
    return call(`${this.url}/v1/reservations${path}`, {
      method: "POST",
      body,
      key,
      token: this.token,
    });
  }
}

/** So many new people with accounts, signed in. */
export async function newBuyers(url: string, count: number): Promise<Buyer[]> {
  return await eachOf(Array.from({ length: count }), 32, async () => {
    const email = `${randomUUID()}@example.com`;
    const body = { email, password: PASSWORD, name: "A buyer" };
    const user = await persist(() => call<{ id: string }>(`${url}/v1/users`, { body, key: email }));
    expect(user.status, user.text).to.equal(201);
    return new Buyer({ url, userId: user.body.id, token: await signIn(url, body) });
  });
}

/** One new person. */
export async function newBuyer(url: string): Promise<Buyer> {
  const [buyer] = await newBuyers(url, 1);
  if (buyer === undefined) {
    throw new Error("nobody signed up");
  }
  return buyer;
}

/** Signs in; resolves to the access token. */
export async function signIn(
  url: string,
  { email, password }: { email: string; password: string } = ORGANISER,
): Promise<string> {
  const body = { email, password };
  const session = await persist(() =>
    call<{ accessToken: string }>(`${url}/v1/sessions`, { body }),
  );
  expect(session.status, session.text).to.equal(201);
  return session.body.accessToken;
}

/** The body of an event that is on sale now; type n costs n + 1 EUR. */
export function eventBody(capacities: readonly number[], more: object = {}) {
  return {
    name: "A concert",
    venue: "A hall",
    startsAt: new Date(Date.now() + 864e5).toISOString(),
    salesOpenAt: new Date(Date.now() - 60_000).toISOString(),
    salesCloseAt: new Date(Date.now() + 36e5).toISOString(),
    ticketTypes: capacities.map((capacity, index) => ({
      name: `Type ${index}`,
      price: { amount: 100 * (index + 1), currency: "EUR" },
      capacity,
    })),
    ...more,
  };
}

/** Lets the organiser create an event. */
export async function createEvent(
  url: string,
  capacities: readonly number[],
  more: object = {},
): Promise<SaleEvent> {
  const created = await call<{ id: string; ticketTypes: { id: string }[] }>(`${url}/v1/events`, {
    body: eventBody(capacities, more),
    token: await signIn(url),
  });
  expect(created.status, created.text).to.equal(201);
  return { id: created.body.id, types: created.body.ticketTypes.map(({ id }) => id) };
}

/** Lets the organiser, or whoever has the token, change the capacity of the first ticket type. */
export async function changeCapacity(
  url: string,
  { id, types }: SaleEvent,
  capacity: number,
  { key = randomUUID() as string, token }: { key?: string; token?: string } = {},
): Promise<Answer<Stock>> {
  return await call(`${url}/v1/events/${id}/ticket-types/${types[0]}`, {
    method: "PATCH",
    body: { capacity },
    key,
    token: token ?? (await signIn(url)),
  });
}

/** Lets the organiser, or whoever has the token, change how an event is sold. */
export async function changeEvent<T = unknown>(
  url: string,
  { id }: SaleEvent,
  body: object,
  { key = randomUUID() as string, token }: { key?: string; token?: string } = {},
): Promise<Answer<T>> {
  return await call(`${url}/v1/events/${id}`, {
    ...{ method: "PATCH", body, key },
    token: token ?? (await signIn(url)),
  });
}

/** What is left, ticket type by ticket type. */
export async function stockOf(url: string, event: SaleEvent): Promise<Stock[]> {
  const answer = await call<{ ticketTypes: Stock[] }>(`${url}/v1/events/${event.id}/availability`);
  expect(answer.status, answer.text).to.equal(200);
  return answer.body.ticketTypes;
}

/** The answers in words, counted: `201`, or status and code. */
export function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const word = body?.code === undefined ? String(status) : `${status} ${body.code}`;
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}
