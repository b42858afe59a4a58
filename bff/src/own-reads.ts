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
interface OwnRead<Query, Found> {
  /** Rejects with what the service says, RATE_LIMITED or OVERLOADED. */
  read: (asker: Asker, query: Query) => Promise<Found>;
  /** How many are under way. */
  bounded: Pick<Bounded, "taken">;
}

/** Everybody's reads of his own reservations: what is asked for at once shares a call. */
export interface OwnReads {
  /** A single one; RESERVATION_NOT_FOUND without any, or when it is another's. */
  reservation: OwnRead<OwnReservation, GetReservationResponse>;
  /** A page of them. */
  reservations: OwnRead<OwnPage, ListReservationsResponse>;
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

/** Makes them. */
export function createOwnReads(
  reservation: Clients["reservation"],
  { readsPerCall, readMaxLoads, rpcTimeoutMs }: Settings,
  sizes: ReadBatchSizes,
): OwnReads {
  const readOf = <Query extends { userId: string }, Found>(
    kind: keyof OwnReads,
    bounds: { maxBatch: number; maxInFlight: number },
    ask: (
      request: { entries: Query[] },
      options: CallOptions,
    ) => Promise<{ results: { outcome: Outcome<Found> }[] }>,
  ): OwnRead<Query, Found> => {
    const size = sizes.labels(kind);
    const combiner = new Combiner<Query, Found>({
      operation: kind,
      settings: { ...bounds, maxQueue: readMaxLoads, timeoutMs: rpcTimeoutMs },
      onBatch: (queries) => size.observe(queries),
      send: async (entries, options) =>
        (await ask({ entries }, options)).results.map(({ outcome }) => answerOf(outcome)),
    });
    const room = { max: readMaxLoads, maxEach: Math.ceil(readMaxLoads * SHARE) };
    const bounded = new Bounded("reads of reservations", room);
    const read = (asker: Asker, query: Query) =>
      bounded.run(query.userId, () => combiner.submit(asker, query));
    return { read, bounded };
  };
  return {
    reservation: readOf<OwnReservation, GetReservationResponse>(
      "reservation",
      { maxBatch: readsPerCall, maxInFlight: MAX_IN_FLIGHT },
      reservation.batchGetReservations,
    ),
    reservations: readOf<OwnPage, ListReservationsResponse>(
      "reservations",
      { maxBatch: Math.min(readsPerCall, MAX_PAGES), maxInFlight: MAX_IN_FLIGHT_PAGES },
      reservation.batchListReservations,
    ),
  };
}

function answerOf<Found>(outcome: Outcome<Found>): Found | Error {
  if (outcome.case === undefined) {
    throw new Error("reservation-svc left out an outcome");
  }
  return outcome.case === "error" ? fromEntryError(outcome.value) : outcome.value;
}
