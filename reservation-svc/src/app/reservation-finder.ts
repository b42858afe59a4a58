import { Finder } from "@tessera/service-kit/finder";
import type { FoundReservation, ReservationStore } from "./reservation-store.ts";

/** Finds reservations by id. */
export class ReservationFinder extends Finder<FoundReservation> {
  constructor(
    store: Pick<ReservationStore, "find">,
    bounds: { name: string; maxInFlight: number; maxQueue: number },
  ) {
    super({
      ...bounds,
      maxBatch: 500,
      find: async (ids) => new Map((await store.find(ids)).map((one) => [one.reservation.id, one])),
    });
  }
}
