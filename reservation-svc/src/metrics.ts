import { BATCH_BUCKETS, LATENCY_BUCKETS, queueMetrics } from "@tessera/service-kit/metrics";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { CombinerObserver } from "./app/event-combiner.ts";
import type { SweptBatch } from "./app/sweep.ts";

/** A confirmation is left alone for 5 s; after a minute somebody should look. Seconds. */
const OPEN_BUCKETS = [5, 10, 20, 30, 60, 120, 300, 900, 3600];

/** What reservation-svc counts about itself. */
export interface ReservationMetrics {
  combiner: CombinerObserver;
  onReserve: (outcome: string) => void;
  onSweep: (batch: SweptBatch) => void;
  onRelay: (batch: { published: number; lagSeconds: number }) => void;
  onBreaker: (isOpen: boolean) => void;
  /** Reads the queues' depths at each scrape. Once. */
  watchQueues: (depths: Readonly<Record<string, () => number>>) => void;
}

/** Declares the service's metrics. */
export function reservationMetrics(registry: Registry): ReservationMetrics {
  const registers = [registry];
  const reserved = new Counter({
    name: "tessera_reserve_outcomes_total",
    help: "Wishes to reserve, by what became of them.",
    labelNames: ["outcome"],
    registers,
  });
  const breaker = new Gauge({
    name: "tessera_redis_breaker_open",
    help: "1 while locks and cache are done without, because Redis does not answer.",
    registers,
  });
  breaker.set(0);
  return {
    combiner: combinerMetrics(registry),
    onReserve: (outcome) => reserved.inc({ outcome }),
    ...backgroundMetrics(registry),
    onBreaker: (isOpen) => breaker.set(isOpen ? 1 : 0),
    watchQueues: (depths) => queueMetrics(registry, depths),
  };
}

function combinerMetrics(registry: Registry): CombinerObserver {
  const registers = [registry];
  const size = new Histogram({
    name: "tessera_combiner_batch_size",
    help: "Wishes that went to the ledger together.",
    buckets: BATCH_BUCKETS,
    registers,
  });
  const wait = new Histogram({
    name: "tessera_lock_wait_seconds",
    help: "How long a combiner waited for its event's lock.",
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const hold = new Histogram({
    name: "tessera_lock_hold_seconds",
    help: "How long a combiner held its event's lock in one turn.",
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const lost = new Counter({
    name: "tessera_lock_lost_total",
    help: "Locks that could not be extended while there was work.",
    registers,
  });
  const bypassed = new Counter({
    name: "tessera_lock_bypassed_total",
    help: "Batches whose lock was busy for too long, away, of a token years ahead, or fenced off.",
    labelNames: ["why"],
    registers,
  });
  return {
    batch: (entries) => size.observe(entries),
    lockWait: (seconds) => wait.observe(seconds),
    lockHold: (seconds) => hold.observe(seconds),
    lockLost: () => lost.inc(),
    lockBypassed: (why) => bypassed.inc({ why }),
  };
}

function backgroundMetrics(registry: Registry): Pick<ReservationMetrics, "onSweep" | "onRelay"> {
  const registers = [registry];
  const swept = new Counter({
    name: "tessera_swept_total",
    help: "Reservations that a sweep expired, or finished for somebody who could not.",
    labelNames: ["kind"],
    registers,
  });
  const sweepLag = new Gauge({
    name: "tessera_sweep_lag_seconds",
    help: "How overdue the oldest reservation of the last sweep was.",
    registers,
  });
  const open = openMetrics(registry);
  const published = new Counter({
    name: "tessera_outbox_published_total",
    help: "Moves published to the event stream.",
    registers,
  });
  const outboxLag = new Gauge({
    name: "tessera_outbox_lag_seconds",
    help: "How old the oldest unpublished move was at the last look.",
    registers,
  });
  return {
    onSweep: ({ expired, resumed, lagSeconds, confirmingAges, unreleasedAges }) => {
      swept.inc({ kind: "expired" }, expired);
      swept.inc({ kind: "resumed" }, resumed);
      sweepLag.set(lagSeconds);
      open("confirming", confirmingAges);
      open("unreleased", unreleasedAges);
    },
    onRelay: (batch) => {
      published.inc(batch.published);
      outboxLag.set(batch.lagSeconds);
    },
  };
}

/**
 * What is stuck comes up again every few seconds, in one replica or another, each time older: a
 * histogram of the ages keeps what a gauge would have forgotten before the next scrape.
 */
function openMetrics(
  registry: Registry,
): (kind: "confirming" | "unreleased", ages: readonly number[]) => void {
  const age = new Histogram({
    name: "tessera_resumed_age_seconds",
    help: "For how long what a sweep finished for somebody had been left in the middle.",
    labelNames: ["kind"],
    buckets: OPEN_BUCKETS,
    registers: [registry],
  });
  age.zero({ kind: "confirming" });
  age.zero({ kind: "unreleased" });
  return (kind, ages) => {
    for (const seconds of ages) {
      age.observe({ kind }, seconds);
    }
  };
}
