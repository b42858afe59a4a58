import type {
  ConfirmReservationEntry,
  ConfirmReservationResult,
  CreateReservationEntry,
  CreateReservationResult,
} from "@tessera/proto/reservation/v1/reservation_service_pb";
import { BATCH_BUCKETS } from "@tessera/service-kit/metrics";
import { Gauge, Histogram, type Registry } from "prom-client";
import type { Clients } from "./clients.ts";
import { type Answer, Combiner, type CombinerSettings } from "./combiner.ts";

/** The operations that a crowd asks for at once. */
export interface ReservationCombiners {
  create: Combiner<CreateReservationEntry, CreateReservationResult>;
  confirm: Combiner<ConfirmReservationEntry, ConfirmReservationResult>;
}

/** Makes the combiners and their metrics. */
export function createReservationCombiners(
  { reservation }: Clients,
  settings: CombinerSettings,
  registry: Registry,
): ReservationCombiners {
  const sizes = new Histogram({
    name: "tessera_combine_batch_size",
    help: "How many requests were combined into one call.",
    labelNames: ["operation"],
    buckets: BATCH_BUCKETS,
    registers: [registry],
  });
  const onBatch = (operation: string) => {
    const size = sizes.labels(operation);
    return (entries: number) => size.observe(entries);
  };
  const create = new Combiner<CreateReservationEntry, CreateReservationResult>({
    operation: "create",
    settings,
    onBatch: onBatch("create"),
    send: async (entries, options) => {
      const { results } = await reservation.batchCreateReservations({ entries }, options);
      return results.map(answerOf);
    },
  });
  const confirm = new Combiner<ConfirmReservationEntry, ConfirmReservationResult>({
    operation: "confirm",
    settings,
    onBatch: onBatch("confirm"),
    send: async (entries, options) => {
      const { results } = await reservation.batchConfirmReservations({ entries }, options);
      return results.map(answerOf);
    },
  });
  new Gauge({
    name: "tessera_combine_queue_depth",
    help: "How many requests wait to be combined.",
    labelNames: ["operation"],
    registers: [registry],
    collect() {
      this.set({ operation: "create" }, create.depth);
      this.set({ operation: "confirm" }, confirm.depth);
    },
  });
  return { create, confirm };
}

function answerOf<R extends CreateReservationResult | ConfirmReservationResult>(
  result: R,
): Answer<R> {
  const { outcome } = result;
  return outcome.case === "error" ? { error: outcome.value } : { granted: result };
}
