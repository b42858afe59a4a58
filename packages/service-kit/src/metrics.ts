import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/**
 * From 1 ms to 5 s: a lone reservation takes 4 ms. Each latency that `docs/slo.md` promises is a
 * bound, so that Prometheus need not guess between two. Seconds.
 */
export const LATENCY_BUCKETS = [
  0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5,
  0.75, 1, 1.5, 2, 3, 5,
];

/** Powers of two up to the largest batch. Entries. */
export const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** A process's registry, with Node's own metrics: heap, handles, event-loop lag. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Counts one finished RPC; labels carry the community's names. */
export type ObserveRpc = (call: {
  service: string;
  method: string;
  /** The google.rpc.Code by name, such as `FAILED_PRECONDITION`. */
  code: string;
  seconds: number;
}) => void;

/** Rate, errors and duration of the RPCs that a process serves. */
export function rpcMetrics(registry: Registry): ObserveRpc {
  const handled = new Counter({
    name: "grpc_server_handled_total",
    help: "RPCs finished by this server, by outcome.",
    labelNames: ["grpc_service", "grpc_method", "grpc_code"],
    registers: [registry],
  });
  const duration = new Histogram({
    name: "grpc_server_handling_seconds",
    help: "How long this server took to answer an RPC.",
    labelNames: ["grpc_service", "grpc_method"],
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
  return ({ service, method, code, seconds }) => {
    handled.inc({ grpc_service: service, grpc_method: method, grpc_code: code });
    duration.observe({ grpc_service: service, grpc_method: method }, seconds);
  };
}

/** Reads, at each scrape, how much waits in each of a process's queues. */
export function queueMetrics(
  registry: Registry,
  depths: Readonly<Record<string, () => number>>,
): void {
  new Gauge({
    name: "tessera_queue_depth",
    help: "Entries that wait, by queue; of lines that each event has, the longest.",
    labelNames: ["queue"],
    registers: [registry],
    collect() {
      for (const [queue, depth] of Object.entries(depths)) {
        this.set({ queue }, depth());
      }
    },
  });
}
