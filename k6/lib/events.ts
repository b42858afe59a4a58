import http from "k6/http";
import { run } from "./run.ts";
import type { Prepared, RunEvent } from "./run-file.ts";

/** What a scenario sells. */
export interface EventWish {
  /** How many events. */
  count?: number;
  /** Units of each. */
  capacity: number;
  holdSeconds?: number;
  maxPerUser?: number;
  /** When the sale opens, in seconds from now; it is open unless given. */
  opensInSeconds?: number;
  waitingRoom?: {
    admitPerMinute: number;
    maxActive: number;
    passSeconds: number;
    onStoreLoss: "open" | "closed";
  };
}

const DAY_SECONDS = 86_400;
/** A run's own preparations belong to no class and to no promise. */
const TAGS = { name: "setup", route: "setup" };

/** Puts events on sale, as the organiser. Fails the run when that is not possible. */
export function createEvents(wish: EventWish): Prepared {
  const accessToken = signInOrganiser();
  const numbers = Array.from({ length: wish.count ?? 1 }, (_one, index) => index);
  return { events: numbers.map((number) => createEvent(wish, number, accessToken)) };
}

/** For scenarios that sell nothing. */
export function noEvents(): Prepared {
  return { events: [] };
}

function signInOrganiser(): string {
  const { email, password } = run.organiser;
  return post<{ accessToken: string }>("/v1/sessions", { email, password }).accessToken;
}

function createEvent(wish: EventWish, number: number, accessToken: string): RunEvent {
  const now = Date.now();
  const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();
  const { capacity, holdSeconds = 3_600, maxPerUser = 1_000, waitingRoom } = wish;
  const event = post<{ id: string; ticketTypes: { id: string }[] }>(
    "/v1/events",
    {
      name: `Load ${run.runId} ${number}`,
      venue: "Loopback Hall",
      startsAt: at(30 * DAY_SECONDS),
      salesOpenAt: at(wish.opensInSeconds ?? -DAY_SECONDS),
      salesCloseAt: at(DAY_SECONDS),
      holdSeconds,
      maxPerUser,
      ...(waitingRoom === undefined ? {} : { waitingRoom }),
      ticketTypes: [{ name: "Any", price: { amount: 1000, currency: "EUR" }, capacity }],
    },
    { authorization: `Bearer ${accessToken}`, "idempotency-key": `${run.runId}-event-${number}` },
  );
  return { id: event.id, ticketTypeId: event.ticketTypes[0]?.id ?? "", capacity };
}

function post<T>(path: string, body: object, headers: Record<string, string> = {}): T {
  const response = http.post(`${run.bffUrl}${path}`, JSON.stringify(body), {
    tags: TAGS,
    headers: { ...headers, "content-type": "application/json" },
  });
  if (response.status !== 201 || typeof response.body !== "string") {
    throw new Error(`POST ${path} answered ${response.status}: ${response.body}`);
  }
  return JSON.parse(response.body) as T;
}
