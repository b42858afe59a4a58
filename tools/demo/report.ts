import type { Outcome } from "./crowd.ts";
import { type Invariant, told } from "./invariants.ts";
import type { StockRow } from "./ledger.ts";
import type { Tally } from "./tally.ts";

/** What a sale came to, as text. */
export function report(sale: {
  outcome: Outcome;
  seconds: number;
  stock: readonly StockRow[];
  found: readonly Invariant[];
}): string {
  const { outcome, seconds, stock, found } = sale;
  const { reserve, confirm, cancel, first, failures } = outcome;
  const total = reserve.count + confirm.count + cancel.count;
  const lines = [
    "",
    `${total} answers in ${seconds.toFixed(1)} s: ${Math.round(total / seconds)} a second.`,
    `Half of the buyers knew where they stood after ${inSeconds(first.quantile(0.5))}, ` +
      `the last one after ${inSeconds(first.quantile(1))}.`,
    "",
    "                 answers      p50      p95      p99",
    latencies("reserve", reserve),
    latencies("confirm", confirm),
    latencies("cancel", cancel),
    "",
    ...kinds("reserve", reserve),
    ...kinds("confirm", confirm),
    ...kinds("cancel", cancel),
    "",
    ...stock.map(
      ({ name, capacity, available, held, sold }) =>
        `${name}: ${capacity} = ${sold} sold + ${held} held + ${available} available`,
    ),
    "",
    ...found.map(told),
    failures.length === 0
      ? "ok    every buyer got an answer"
      : `WRONG ${failures.length} buyers got none: ${[...new Set(failures)].slice(0, 3).join("; ")}`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function inSeconds(millis: number): string {
  return `${(millis / 1000).toFixed(1)} s`;
}

function latencies(name: string, tally: Tally): string {
  const column = (share: number) => `${tally.quantile(share).toFixed(0)} ms`.padStart(9);
  const count = String(tally.count).padStart(12);
  return `  ${name.padEnd(10)}${count}${column(0.5)}${column(0.95)}${column(0.99)}`;
}

function kinds(name: string, tally: Tally): string[] {
  return tally.byKind().map(([kind, count]) => `  ${name.padEnd(10)}${kind}: ${count}`);
}
