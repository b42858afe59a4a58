import { Batcher } from "@tessera/service-kit/batcher";
import { dependencyUnavailable } from "@tessera/service-kit/service-error";
import type { Reservation } from "../domain/reservation.ts";
import type { Ledger, StockLevels } from "./ledger.ts";
import type { ReservationStore } from "./reservation-store.ts";

/** What giving units back needs. */
export interface ReleaseDeps {
  store: ReservationStore;
  ledger: Ledger;
  onStock: (stock: StockLevels) => void;
  maxBatch: number;
  maxInFlight: number;
  maxQueue: number;
  /** How long a call to the ledger may take, in milliseconds. */
  ledgerTimeoutMs: number;
}

/**
 * Gives the units of ended reservations back to the ledger, many at a time.
 *
 * The ledger does it exactly once, however often it is asked. Whoever fails here leaves the
 * reservation marked, and a sweeper asks again.
 */
export class ReleaseUnits {
  readonly #deps: ReleaseDeps;
  readonly #batcher: Batcher<Reservation, true>;

  constructor(deps: ReleaseDeps) {
    this.#deps = deps;
    this.#batcher = new Batcher({
      name: "the release queue",
      run: (all) => this.#run(all),
      ...deps,
    });
  }

  /** How many ended reservations wait for their release. */
  get depth(): number {
    return this.#batcher.depth;
  }

  /** Resolves when the units can be reserved again. */
  async release(reservation: Reservation): Promise<void> {
    await this.#batcher.submit(reservation);
  }

  /** Gives back what the ledger takes now. What it does not stays marked; rejects when it took nothing. */
  async releaseAll(reservations: readonly Reservation[]): Promise<void> {
    if (reservations.length > 0) {
      await this.#run(reservations);
    }
  }

  /** An event of which nothing can be released must not keep the others' units. */
  async #run(ended: readonly Reservation[]): Promise<(true | Error)[]> {
    const { ledger, store, onStock, ledgerTimeoutMs } = this.#deps;
    const call = { timeoutMs: ledgerTimeoutMs };
    const { stocks, unreachable } = await ledger.release(ended, call);
    for (const stock of stocks) {
      onStock(stock);
    }
    await store.markReleased(ended.filter(({ eventId }) => !unreachable.has(eventId)));
    return ended.map(({ eventId }) =>
      unreachable.has(eventId)
        ? dependencyUnavailable("the ledger", new Error(`event ${eventId} is stuck`))
        : true,
    );
  }
}
