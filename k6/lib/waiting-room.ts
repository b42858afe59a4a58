import { sleep } from "k6";
import { Counter, Trend } from "k6/metrics";
import { call, type Route } from "./api.ts";
import type { Buyer, RunEvent } from "./run-file.ts";

/** Who took a place … */
const joined = new Counter("people_joined");
/** … and who was told in the end: come in, or all is gone. */
const answered = new Counter("people_answered");
/** From the first join to the last word. */
const waited = new Trend("waiting_time", true);
/** A position that grew: it never may. */
const grown = new Counter("positions_grown");

const JOIN: Route = { method: "POST", path: "/v1/events/:id/queue", class: "queue" };
const POLL: Route = { method: "GET", path: "/v1/events/:id/queue", class: "queue" };

/** A place in the waiting room. */
export interface Place {
  state: "WAITING" | "ADMITTED" | "GONE" | "EXPIRED";
  position: number | null;
  pollAfterMs: number | null;
  pass?: string;
}

/** The server says when to poll; a place that does not say is polled this often. */
const FALLBACK_MS = 1_000;

/** Joins, and polls as told until there is a last word; undefined when it does not come in time. */
export function waitForTurn(
  buyer: Buyer,
  event: RunEvent,
  patienceSeconds: number,
): Place | undefined {
  const startTime = Date.now();
  const request = { id: event.id, accessToken: buyer.accessToken };
  let place = call<Place>(JOIN, { ...request, body: {} }).body;
  if (place === undefined) {
    return undefined;
  }
  joined.add(1);
  let last = Number.POSITIVE_INFINITY;
  while (place.state === "WAITING") {
    if (Date.now() - startTime > patienceSeconds * 1000) {
      return undefined;
    }
    const position = place.position ?? last;
    grown.add(position > last ? 1 : 0);
    last = position;
    sleep((place.pollAfterMs ?? FALLBACK_MS) / 1000);
    // A poll that failed costs nothing but time: the next one may not.
    place = call<Place>(POLL, request).body ?? place;
  }
  if (place.state !== "EXPIRED") {
    answered.add(1);
    waited.add(Date.now() - startTime);
  }
  return place;
}
