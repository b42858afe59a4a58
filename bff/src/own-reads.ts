import type { EntryError } from "@tessera/proto/common/v1/entry_error_pb";
import type {
  GetReservationResponse,
  ListReservationsResponse,
} from "@tessera/proto/reservation/v1/reservation_service_pb";
import { fromEntryError } from "@tessera/service-kit/entry-error";
import { Bounded } from "./bounded.ts";
import type { Clients } from "./clients.ts";
import { type Asker, type CallOptions, Combiner } from "./combiner.ts";
import type { Config } from "./config.ts";
import type { ReadBatchSizes } from "./read-batch-sizes.ts";

/** How much is read at once. */
type Settings = Pick<Config, "readsPerCall" | "readMaxLoads" | "rpcTimeoutMs">;

/** Which reservation of whom. */
export interface OwnReservation {
  userId: string;
  reservationId: string;
}

/** Which page of whose. */
export interface OwnPage {
  userId: string;
  pageSize: number;
  pageToken: string;
}

/** What a service says of one entry of a batch. */
type Outcome<Found> =
  | { case: "found" | "page"; value: Found }
  | { case: "error"; value: EntryError }
  | { case: undefined; value?: undefined };

/** Reads of one kind. */
interface Reads<Query, Found> {
  combiner: Combiner<Query, Found>;
  bounded: Bounded;
}

/** Calls for single reservations at once: few, so that many share one. */
const MAX_IN_FLIGHT = 4;
/**
 * Calls for pages at once. A page may have to come from twenty places of a disk, and whoever shares
 * its call waits for it: so they share one only when there are many.
 */
const MAX_IN_FLIGHT_PAGES = 16;
/** What part of all reads may be one user's: so few that a few of them do not take all the room. */
const SHARE = 1 / 8;
/** What reservation-svc lists in one call. */
const MAX_PAGES = 20;

/** Everybody's reads of his own reservations: what is asked for at once shares a call. */
export class OwnReads {
  readonly #settings: Settings;
  readonly #sizes: ReadBatchSizes;
  readonly #get: Reads<OwnReservation, GetReservationResponse>;
  readonly #list: Reads<OwnPage, ListReservationsResponse>;

  constructor(reservation: Clients["reservation"], settings: Settings, sizes: ReadBatchSizes) {
    this.#settings = settings;
    this.#sizes = sizes;
    this.#get = this.#reads<OwnReservation, GetReservationResponse>(
      "reservation",
      { maxBatch: settings.readsPerCall, maxInFlight: MAX_IN_FLIGHT },
      async (entries, options) =>
        (await reservation.batchGetReservations({ entries }, options)).results,
    );
    this.#list = this.#reads<OwnPage, ListReservationsResponse>(
      "reservations",
      { maxBatch: Math.min(settings.readsPerCall, MAX_PAGES), maxInFlight: MAX_IN_FLIGHT_PAGES },
      async (entries, options) =>
        (await reservation.batchListReservations({ entries }, options)).results,
    );
  }

  /** How many are under way, by their kind. */
  get running(): { reservation: number; reservations: number } {
    return {
      reservation: this.#get.bounded.taken,
      reservations: this.#list.bounded.taken,
    };
  }

  /** A user's own reservation. Rejects with RESERVATION_NOT_FOUND, RATE_LIMITED or OVERLOADED. */
  get(asker: Asker, query: OwnReservation): Promise<GetReservationResponse> {
    const { bounded, combiner } = this.#get;
    return bounded.run(query.userId, () => combiner.submit(asker, query));
  }

  /** A page of a user's own. Rejects with INVALID_PAGE_TOKEN, RATE_LIMITED or OVERLOADED. */
  list(asker: Asker, query: OwnPage): Promise<ListReservationsResponse> {
    const { bounded, combiner } = this.#list;
    return bounded.run(query.userId, () => combiner.submit(asker, query));
  }

  #reads<Query, Found>(
    kind: string,
    bounds: { maxBatch: number; maxInFlight: number },
    ask: (queries: Query[], options: CallOptions) => Promise<{ outcome: Outcome<Found> }[]>,
  ): Reads<Query, Found> {
    const { readMaxLoads, rpcTimeoutMs } = this.#settings;
    const size = this.#sizes.labels(kind);
    const combiner = new Combiner<Query, Found>({
      operation: kind,
      settings: { ...bounds, maxQueue: readMaxLoads, timeoutMs: rpcTimeoutMs },
      onBatch: (queries) => size.observe(queries),
      send: async (queries, options) =>
        (await ask(queries, options)).map(({ outcome }) => answerOf(outcome)),
    });
    const room = { max: readMaxLoads, maxEach: Math.ceil(readMaxLoads * SHARE) };
    return { combiner, bounded: new Bounded("reads of reservations", room) };
  }
}

function answerOf<Found>(outcome: Outcome<Found>): Found | Error {
  if (outcome.case === undefined) {
    throw new Error("reservation-svc left out an outcome");
  }
  return outcome.case === "error" ? fromEntryError(outcome.value) : outcome.value;
}
