import type {
  ConfirmReservationEntry,
  ConfirmReservationResult,
  CreateReservationEntry,
  CreateReservationResult,
} from "@tessera/proto/reservation/v1/reservation_service_pb";
import type {
  JoinWaitingRoomResult,
  PollPlaceResult,
  WaitingRoomEntry,
} from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { fromEntryError } from "@tessera/service-kit/entry-error";
import { BATCH_BUCKETS } from "@tessera/service-kit/metrics";
import { Gauge, Histogram, type Registry } from "prom-client";
import type { Clients } from "./clients.ts";
import { type CallOptions, Combiner } from "./combiner.ts";
import type { Config } from "./config.ts";

/** The operations that a crowd asks for at once. */
export interface Combiners {
  create: Combiner<CreateReservationEntry, CreateReservationResult>;
  confirm: Combiner<ConfirmReservationEntry, ConfirmReservationResult>;
  join: Combiner<WaitingRoomEntry, JoinWaitingRoomResult>;
  poll: Combiner<WaitingRoomEntry, PollPlaceResult>;
}

/** How much is combined, of each operation. */
export type CombinersConfig = Pick<
  Config,
  "reserveMaxBatch" | "reserveMaxInFlight" | "reserveMaxQueue" | "rpcTimeoutMs"
>;

type Result =
  | CreateReservationResult
  | ConfirmReservationResult
  | JoinWaitingRoomResult
  | PollPlaceResult;

/** Makes the combiners and their metrics. */
export function createCombiners(
  { reservation, waitingRoom }: Clients,
  config: CombinersConfig,
  registry: Registry,
): Combiners {
  const settings = {
    maxBatch: config.reserveMaxBatch,
    maxInFlight: config.reserveMaxInFlight,
    maxQueue: config.reserveMaxQueue,
    timeoutMs: config.rpcTimeoutMs,
  };
  const sizes = new Histogram({
    name: "tessera_combine_batch_size",
    help: "How many requests were combined into one call.",
    labelNames: ["operation"],
    buckets: BATCH_BUCKETS,
    registers: [registry],
  });
  const combinerOf = <Entry, R extends Result>(
    operation: keyof Combiners,
    send: (request: { entries: Entry[] }, options: CallOptions) => Promise<{ results: R[] }>,
  ) => {
    const size = sizes.labels(operation);
    return new Combiner<Entry, R>({
      operation,
      settings,
      onBatch: (entries) => size.observe(entries),
      send: async (entries, options) => (await send({ entries }, options)).results.map(answerOf),
    });
  };
  const combiners: Combiners = {
    create: combinerOf("create", reservation.batchCreateReservations),
    confirm: combinerOf("confirm", reservation.batchConfirmReservations),
    join: combinerOf("join", waitingRoom.batchJoinWaitingRooms),
    poll: combinerOf("poll", waitingRoom.batchPollPlaces),
  };
  new Gauge({
    name: "tessera_combine_queue_depth",
    help: "How many requests wait to be combined.",
    labelNames: ["operation"],
    registers: [registry],
    collect() {
      for (const [operation, { depth }] of Object.entries(combiners)) {
        this.set({ operation }, depth);
      }
    },
  });
  return combiners;
}

/** Resolves when none of them has a call in flight. */
export async function drainCombiners(combiners: Combiners): Promise<void> {
  await Promise.all(Object.values(combiners).map((combiner) => combiner.drain()));
}

function answerOf<R extends Result>(result: R): R | Error {
  const { outcome } = result;
  return outcome.case === "error" ? fromEntryError(outcome.value) : result;
}
