import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { eventBody } from "../market.ts";
import { type Call, call } from "../rest.ts";
import { WaitingBuyer } from "../waiting-buyer.ts";
import type { Cast } from "./cast.ts";

/** Who asks, in this order: whoever may change something finds what strangers left of it. */
export const PEOPLE = ["nobody", "stranger", "rival", "organiser", "owner"] as const;

/** The same request, whoever sends it. */
export type Asked = Call & { path: string };

/** Whom a route serves. */
export interface RouteAccess {
  /** What each gets: a status, and the code of a problem. */
  outcomes: Readonly<Record<(typeof PEOPLE)[number], string>>;
  /** Makes what it takes for the owner to be served, and the request. */
  prepare: (cast: Cast) => Asked | Promise<Asked>;
}

const anybody = (outcome: string) => ({
  nobody: outcome,
  stranger: outcome,
  rival: outcome,
  organiser: outcome,
  owner: outcome,
});

const signedIn = (outcome: string) => ({ ...anybody(outcome), nobody: "401 UNAUTHENTICATED" });

const organisers = (outcome: string) => ({
  ...signedIn("403 FORBIDDEN"),
  rival: outcome,
  organiser: outcome,
});

/** What is another's is not there. */
const ownerOnly = (outcome: string, otherwise: string) => ({
  ...signedIn(otherwise),
  owner: outcome,
});

/** What an event may have besides. */
const EVERYTHING = {
  holdSeconds: 60,
  maxPerUser: 4,
  waitingRoom: { admitPerMinute: 60, maxActive: 10, passSeconds: 60, onStoreLoss: "open" },
};

const get = (path: string) => () => ({ path });

/** Every route of the OpenAPI document, with whom it serves. */
export const ROUTES: Readonly<Record<string, RouteAccess>> = {
  "POST /v1/users": {
    outcomes: anybody("201"),
    prepare: () => ({ path: "/v1/users", body: newPerson(), key: randomUUID() }),
  },
  "GET /v1/users/me": { outcomes: signedIn("200"), prepare: get("/v1/users/me") },
  "POST /v1/sessions": {
    outcomes: anybody("201"),
    prepare: async ({ url }) => {
      const { email, password } = await signedUp(url);
      return { path: "/v1/sessions", body: { email, password } };
    },
  },
  // The refresh token is who it is; the key makes each of them the same try.
  "POST /v1/sessions/refresh": {
    outcomes: anybody("200"),
    prepare: async ({ url }) => {
      const { email, password } = await signedUp(url);
      const body = { email, password };
      const session = await call<{ refreshToken: string }>(`${url}/v1/sessions`, { body });
      const { refreshToken } = session.body;
      return { path: "/v1/sessions/refresh", body: { refreshToken }, key: randomUUID() };
    },
  },
  "DELETE /v1/sessions/current": {
    outcomes: signedIn("204"),
    prepare: () => ({ path: "/v1/sessions/current", method: "DELETE" }),
  },
  "GET /v1/events": { outcomes: anybody("200"), prepare: get("/v1/events?limit=1") },
  "POST /v1/events": {
    outcomes: organisers("201"),
    prepare: () => ({ path: "/v1/events", body: eventBody([1], EVERYTHING), key: randomUUID() }),
  },
  "GET /v1/events/{id}": {
    outcomes: anybody("200"),
    prepare: ({ event }) => ({ path: `/v1/events/${event.id}` }),
  },
  "GET /v1/events/{id}/availability": {
    outcomes: anybody("200"),
    prepare: ({ event }) => ({ path: `/v1/events/${event.id}/availability` }),
  },
  // Another organiser's event is not there.
  "PATCH /v1/events/{id}": {
    outcomes: {
      ...signedIn("403 FORBIDDEN"),
      rival: "404 EVENT_NOT_FOUND",
      organiser: "200",
    },
    prepare: ({ early }) => ({
      path: `/v1/events/${early.id}`,
      method: "PATCH",
      body: { holdSeconds: 500, waitingRoom: EVERYTHING.waitingRoom },
      key: randomUUID(),
    }),
  },
  "PATCH /v1/events/{id}/ticket-types/{ticketTypeId}": {
    outcomes: {
      ...signedIn("403 FORBIDDEN"),
      rival: "404 EVENT_NOT_FOUND",
      organiser: "200",
    },
    prepare: ({ event }) => ({
      path: `/v1/events/${event.id}/ticket-types/${event.types[0]}`,
      method: "PATCH",
      body: { capacity: 90 },
      key: randomUUID(),
    }),
  },
  // Whoever joins takes a place of their own, and keeps it.
  "POST /v1/events/{id}/queue": {
    outcomes: signedIn("201"),
    prepare: ({ early }) => ({ path: `/v1/events/${early.id}/queue`, method: "POST" }),
  },
  "GET /v1/events/{id}/queue": {
    outcomes: ownerOnly("200", "404 PLACE_NOT_FOUND"),
    prepare: async (cast) => ({ path: await queueOf(cast) }),
  },
  "DELETE /v1/events/{id}/queue": {
    outcomes: signedIn("204"),
    prepare: async (cast) => ({ path: await queueOf(cast), method: "DELETE" }),
  },
  "GET /v1/events/{id}/queue/draw": {
    outcomes: anybody("200"),
    prepare: ({ early }) => ({ path: `/v1/events/${early.id}/queue/draw` }),
  },
  // Before the draw, nobody has a number.
  "GET /v1/events/{id}/queue/draw/mine": {
    outcomes: signedIn("425 DRAW_NOT_YET"),
    prepare: async (cast) => ({ path: `${await queueOf(cast)}/draw/mine` }),
  },
  "POST /v1/reservations": {
    outcomes: signedIn("201"),
    prepare: ({ event }) => ({
      path: "/v1/reservations",
      body: { eventId: event.id, items: [{ ticketTypeId: event.types[0], quantity: 1 }] },
      key: randomUUID(),
    }),
  },
  "GET /v1/reservations": { outcomes: signedIn("200"), prepare: get("/v1/reservations") },
  "GET /v1/reservations/{id}": reservationRoute("", {}),
  "POST /v1/reservations/{id}/confirm": reservationRoute("/confirm", {
    body: { paymentReference: "pay" },
  }),
  "POST /v1/reservations/{id}/cancel": reservationRoute("/cancel", { method: "POST" }),
  "POST /v1/reservations/{id}/extend": reservationRoute("/extend", { method: "POST" }),
  "GET /openapi.json": { outcomes: anybody("200"), prepare: get("/openapi.json") },
  "GET /docs": { outcomes: anybody("200"), prepare: get("/docs") },
  "GET /docs/problems": { outcomes: anybody("200"), prepare: get("/docs/problems") },
  "GET /docs/assets/{file}": {
    outcomes: anybody("200"),
    prepare: get("/docs/assets/initializer.js"),
  },
};

/** A new reservation of the owner's, not even the event's organiser may reach. */
function reservationRoute(path: string, request: Call): RouteAccess {
  return {
    outcomes: ownerOnly("200", "404 RESERVATION_NOT_FOUND"),
    prepare: async ({ owner, event }) => {
      const { status, body, text } = await owner.reserve(event);
      expect(status, text).to.equal(201);
      return { ...request, path: `/v1/reservations/${body.id}${path}`, key: randomUUID() };
    },
  };
}

/** The waiting room where the owner has a place, and nobody else. */
async function queueOf(cast: Cast): Promise<string> {
  const people = [cast.stranger, cast.rival, cast.organiser].map((each) => {
    return new WaitingBuyer(each, cast.early).leave();
  });
  await Promise.all([...people, new WaitingBuyer(cast.owner, cast.early).join()]);
  return `/v1/events/${cast.early.id}/queue`;
}

function newPerson() {
  const email = `${randomUUID()}@example.com`;
  return { email, password: "a password for tests", name: "A person" };
}

async function signedUp(url: string) {
  const body = newPerson();
  expect((await call(`${url}/v1/users`, { body })).status).to.equal(201);
  return body;
}
