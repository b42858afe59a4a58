import type { Room } from "../domain/waiting-room.ts";
import type { ReservationStore } from "./reservation-store.ts";
import type { WaitingRoomStore } from "./waiting-room-store.ts";

/** What settling needs. */
export interface SettleClaimsDeps {
  store: Pick<WaitingRoomStore, "doubts" | "settle">;
  reservations: Pick<ReservationStore, "find">;
}

/**
 * Ends claims whose end was never told, because the store was away or the process died just then:
 * the slots of those who bought would stay taken until their passes end, and keep the last units
 * from everybody else. Looks at a slice of the room, and returns where the next one begins.
 *
 * A claim of which no reservation came is left alone: the request may be repeated yet.
 */
export async function settleClaims(
  { store, reservations }: SettleClaimsDeps,
  room: Room,
  cursor: string,
): Promise<string> {
  const { claims, nextCursor } = await store.doubts(room, cursor);
  if (claims.length > 0) {
    const found = await reservations.find(claims.map(({ reservationId }) => reservationId));
    const unitsOf = new Map(
      found.map(({ reservation: { id, items } }) => [
        id,
        items.reduce((sum, { quantity }) => sum + quantity, 0),
      ]),
    );
    const ends = claims.flatMap((claim) => {
      const units = unitsOf.get(claim.reservationId);
      return units === undefined ? [] : [{ ...claim, units }];
    });
    await store.settle(room, ends);
  }
  return nextCursor;
}
