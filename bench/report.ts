import { median } from "../tools/local/median.ts";
import type { LoadResult } from "./load.ts";

/** One measured load of one round. */
export interface Measured {
  scenario: string;
  connections: number;
  round: number;
  result: LoadResult;
}

/** The medians of a scenario's rounds. */
export interface Row {
  scenario: string;
  connections: number;
  rounds: number;
  perSecond: number;
  /** The rate of each round, in their order. */
  perSecondByRound: readonly number[];
  p50: number;
  p95: number;
  p99: number;
  /** How many answers had each status, over all rounds. */
  byStatus: Record<string, number>;
}

/** Medians by scenario and number of connections, in the order of their first round. */
export function summarize(measured: readonly Measured[]): Row[] {
  const groups = new Map<string, Measured[]>();
  for (const one of measured) {
    const key = `${one.scenario} ${one.connections}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    if (first === undefined) {
      return [];
    }
    const of = (pick: (result: LoadResult) => number) =>
      median(group.map(({ result }) => pick(result)));
    return [
      {
        scenario: first.scenario,
        connections: first.connections,
        rounds: group.length,
        perSecond: of(({ perSecond }) => perSecond),
        perSecondByRound: group.map(({ result }) => result.perSecond),
        p50: of(({ p50 }) => p50),
        p95: of(({ p95 }) => p95),
        p99: of(({ p99 }) => p99),
        byStatus: sumStatuses(group),
      },
    ];
  });
}

/** "Sold out" may be asked for, and whoever comes too late under load was served honestly. */
const FINE = ["409", "503", "504"];

/** Answers that would pass for speed: refusals and bugs are quick, and nothing is quicker than nobody. */
export function wrongAnswers({ scenario, connections, byStatus }: Row): string[] {
  const what = `${scenario}, ${connections} connections`;
  const isServed = Object.keys(byStatus).some((status) => Number(status) < 500);
  return [
    ...Object.entries(byStatus)
      .filter(([status]) => Number(status) >= 400 && !FINE.includes(status))
      .map(([status, count]) => `${what}: ${count} were answered ${status}`),
    ...(isServed ? [] : [`${what}: nobody was served`]),
  ];
}

/**
 * The rows as a table, each with its ratio to the rivals at the same number of connections: the
 * median of the rounds' ratios, since the machine differs from round to round.
 */
export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const ratio = (scenario: string) => {
      const rival = rows.find(
        (other) => other.scenario === scenario && other.connections === row.connections,
      );
      const ratios = row.perSecondByRound.flatMap((rate, round) => {
        const theirs = rival?.perSecondByRound[round];
        return theirs === undefined ? [] : rate / theirs;
      });
      return ratios.length === 0 ? "" : `${median(ratios).toFixed(2)} x`;
    };
    const statuses = Object.entries(row.byStatus).map(([status, count]) => `${status}: ${count}`);
    return [
      row.scenario,
      String(row.connections),
      Math.round(row.perSecond).toLocaleString("en"),
      row.p50.toFixed(1),
      row.p95.toFixed(1),
      row.p99.toFixed(1),
      ratio("a echo"),
      ratio("b sql"),
      ratio("c redlock"),
      statuses.join(", "),
    ];
  });
  const head = ["scenario", "conns", "per s", "p50 ms", "p95", "p99", "to a", "to b", "to c"];
  return markdown([[...head, "answers"], ...lines]);
}

/** Cells as a Markdown table with aligned columns. */
export function markdown([head = [], ...lines]: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, 3, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [row(head), row(rule), ...lines.map(row)].join("\n");
}

function sumStatuses(group: readonly Measured[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { result } of group) {
    for (const [status, count] of Object.entries(result.byStatus)) {
      sums[status] = (sums[status] ?? 0) + count;
    }
  }
  return sums;
}
