import { BATCH_BUCKETS } from "@tessera/service-kit/metrics";
import { Histogram, type Registry } from "prom-client";

/** How many things are read with one call, by their kind. */
export type ReadBatchSizes = Histogram<"kind">;

/** Makes the metric. */
export function readBatchSizes(registry: Registry): ReadBatchSizes {
  return new Histogram({
    name: "tessera_read_batch_size",
    help: "How many things were read with one call.",
    labelNames: ["kind"],
    buckets: BATCH_BUCKETS,
    registers: [registry],
  });
}
