import { Batcher } from "@tessera/service-kit/batcher";
import type { NewReservation, ReservationStore } from "./reservation-store.ts";

/** A reservation as it was found, and what time it is where holds are counted. */
export type FoundReservation = NewReservation & { now: Date };

/** Ids that one question has at most. */
const MAX_BATCH = 500;

/** Finds reservations by id: what is looked for at the same time is one question to the store. */
export class ReservationFinder {
  readonly #batcher: Batcher<string, FoundReservation | "none">;

  /** `name` says what is full in the OVERLOADED error. */
  constructor(
    store: Pick<ReservationStore, "find">,
    options: { name: string; maxInFlight: number; maxQueue: number },
  ) {
    this.#batcher = new Batcher({
      ...options,
      maxBatch: MAX_BATCH,
      run: async (ids) => {
        const found = await store.find(ids);
        const byId = new Map(found.map((one) => [one.reservation.id, one]));
        return ids.map((id) => byId.get(id) ?? "none");
      },
    });
  }

  /** How many ids wait to be asked for. */
  get depth(): number {
    return this.#batcher.depth;
  }

  /** The reservation with this id, if there is one. */
  async find(id: string): Promise<FoundReservation | undefined> {
    const found = await this.#batcher.submit(id);
    return found === "none" ? undefined : found;
  }
}
