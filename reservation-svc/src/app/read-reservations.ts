import type { Finder } from "@tessera/service-kit/finder";
import type { Lane } from "@tessera/service-kit/lane";
import { openPageToken, pageSizeOf, sealPageToken } from "@tessera/service-kit/page-token";
import { reservationNotFound } from "../domain/errors.ts";
import type { Reservation } from "../domain/reservation.ts";
import type { FoundReservation, ReservationStore } from "./reservation-store.ts";

/**
 * Finds a user's own reservation, and says what time it is where holds are counted. Not looked for
 * once it is `deadline`, a performance.now() time.
 */
export async function getReservation(
  finder: Finder<FoundReservation>,
  query: { userId: string; reservationId: string },
  deadline?: number,
): Promise<{ reservation: Reservation; now: Date }> {
  const found = await finder.find(query.reservationId, deadline);
  // A stranger's reservation looks exactly like one that does not exist.
  if (found === undefined || found.reservation.userId !== query.userId) {
    throw reservationNotFound(query.reservationId);
  }
  return found;
}

/** What listing needs. */
export interface ListDeps {
  store: ReservationStore;
  /** Where lists wait for each other. */
  lists: Lane;
}

/** A page of a user's reservations, newest first; `now` is as above, if there are any. */
export async function listReservations(
  { store, lists }: ListDeps,
  query: { userId: string; pageSize: number; pageToken: string },
  deadline?: number,
): Promise<{ reservations: Reservation[]; nextPageToken: string; now: Date | undefined }> {
  const scope = listScope(query.userId);
  const size = pageSizeOf(query.pageSize);
  const position = openPageToken(scope, query.pageToken, [0] as const);
  // One more than a page tells whether there is another.
  const wanted = { size: size + 1, before: position?.[0] };
  const found = await lists.run(() => store.list(query.userId, wanted), deadline);
  const page = found.slice(0, size);
  const last = page.at(-1);
  return {
    reservations: page.map(({ reservation }) => reservation),
    nextPageToken:
      found.length > size && last !== undefined ? sealPageToken(scope, [last.seq]) : "",
    now: last?.now,
  };
}

/** What the tokens of a user's list are good for. */
export function listScope(userId: string): string {
  return `reservations:${userId}`;
}
