import { Finder } from "./finder.ts";
import type { NewReservation, ReservationStore } from "./reservation-store.ts";

/** A reservation as it was found, and what time it is where holds are counted. */
export type FoundReservation = NewReservation & { now: Date };

/** Finds reservations by id. */
export class ReservationFinder extends Finder<FoundReservation> {
  constructor(
    store: Pick<ReservationStore, "find">,
    bounds: { name: string; maxInFlight: number; maxQueue: number },
  ) {
    super({
      ...bounds,
      find: async (ids) => new Map((await store.find(ids)).map((one) => [one.reservation.id, one])),
    });
  }
}
