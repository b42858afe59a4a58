import { admitTimeOf, isOlder } from "../domain/admission.ts";
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
 * A claim of which no reservation came is left alone: the request may be repeated yet. So is that of
 * one which is older than the pass: nothing was bought with it.
 */
export async function settleClaims(
  { store, reservations }: SettleClaimsDeps,
  room: Room,
  cursor: string,
): Promise<string> {
  const { claims, nextCursor } = await store.doubts(room, cursor);
  if (claims.length > 0) {
    const found = await reservations.find(claims.map(({ reservationId }) => reservationId));
    const ends = claims.flatMap((claim) => {
      const made = found.get(claim.reservationId)?.reservation;
      return made === undefined || isOlder(made, admitTimeOf(claim.serial))
        ? []
        : [{ ...claim, units: made.items.reduce((sum, { quantity }) => sum + quantity, 0) }];
    });
    await store.settle(room, ends);
  }
  return nextCursor;
}
