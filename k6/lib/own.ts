import { call, type Route } from "./api.ts";

const GET: Route = { method: "GET", path: "/v1/reservations/:id", class: "own" };
const LIST: Route = { method: "GET", path: "/v1/reservations", class: "own" };

/** Looks at one reservation, as its owner. */
export function getReservation({ id, accessToken }: { id: string; accessToken: string }): void {
  call(GET, { id, accessToken, isBodyUnread: true });
}

/** Looks at the first page of an owner's reservations. */
export function listReservations({ accessToken }: { accessToken: string }): void {
  call(LIST, { query: "?limit=20", accessToken, isBodyUnread: true });
}
