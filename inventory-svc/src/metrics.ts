import { BATCH_BUCKETS } from "@tessera/service-kit/metrics";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { StockUnits } from "./app/ledger.ts";
import type { LedgerMetrics } from "./app/ledger-metrics.ts";

/** Registers the ledger's metrics. */
export function ledgerMetrics(registry: Registry): LedgerMetrics {
  const registers = [registry];
  const batchSize = new Histogram({
    name: "tessera_ledger_batch_size",
    help: "Entries in a batch.",
    labelNames: ["operation"],
    buckets: BATCH_BUCKETS,
    registers,
  });
  const outcomes = new Counter({
    name: "tessera_ledger_outcomes_total",
    help: "Entries decided, by outcome: a refusal's reason, or a word for success.",
    labelNames: ["operation", "outcome"],
    registers,
  });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const fencing = counter(
    "tessera_fencing_refusals_total",
    "Calls with an outdated fencing token.",
  );
  const orphans = counter("tessera_orphans_released_total", "Lapsed allocations taken back.");
  const lag = gauge("tessera_orphan_sweep_lag_seconds", "How long the oldest orphan was due.");
  const oversold = gauge("tessera_oversold_units", "Units sold beyond capacity; must be 0.");
  const drift = gauge("tessera_ledger_drift_units", "Counters against allocations; must be 0.");
  const tellStock = stockMetrics(registry);
  return {
    batch: (operation, size) => batchSize.observe({ operation }, size),
    outcome: (operation, outcome, count = 1) => outcomes.inc({ operation, outcome }, count),
    fencingRefusal: () => fencing.inc(),
    sweepLag: (seconds) => lag.set(seconds),
    orphansReleased: (count) => orphans.inc(count),
    audited: ({ oversoldUnits, driftUnits, stock }) => {
      oversold.set(oversoldUnits);
      drift.set(driftUnits);
      tellStock(stock);
    },
  };
}

function stockMetrics(registry: Registry): (stock: StockUnits) => void {
  const units = new Gauge({
    name: "tessera_stock_units",
    help: "Units of the events that this process changed last, as of their audit.",
    labelNames: ["state"],
    registers: [registry],
  });
  const tell = ({ available, held, sold }: StockUnits) => {
    units.set({ state: "available" }, available);
    units.set({ state: "held" }, held);
    units.set({ state: "sold" }, sold);
  };
  tell({ available: 0, held: 0, sold: 0 });
  return tell;
}
