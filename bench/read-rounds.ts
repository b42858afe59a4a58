import type { DatasetSpec } from "../tools/dataset/plan.ts";
import type { LocalSystem } from "../tools/local/system.ts";
import { type LoadResult, run } from "./load.ts";
import { listing, PAGE, readingEvents, readingReservations, SORTS } from "./read-loads.ts";
import { type Measured, type Row, summarize } from "./report.ts";
import type { Target } from "./targets.ts";

/** The same system over much and over little. */
export interface ReadSystems {
  large: LocalSystem;
  small: LocalSystem;
  /** What the large one has. */
  spec: DatasetSpec;
}

/** How long everything takes. */
export interface ReadPlan {
  rounds: number;
  seconds: number;
  connections: number;
  /** How far down the list the far pages are. */
  page: number;
}

/** How much slower one read is than another, and how much it may be. */
export interface Ratio {
  what: string;
  p50: number;
  p99: number;
  most: number;
}

/** A page far down may cost so much more than the first. */
const DEPTH_RATIO_MAX = 1.5;
/** A read over everything may cost so much more than one over 30,000 reservations. */
const SIZE_RATIO_MAX = 2;
/** Pages that are asked for in turn. */
const PAGES = 5_000;
/** Keys a load reads in turn. */
const KEYS = 20_000;

/** Runs the rounds; resolves to medians and what they come to. */
export async function runReads(
  systems: ReadSystems,
  plan: ReadPlan,
  say: (text: string) => void,
): Promise<{ rows: Row[]; ratios: Ratio[] }> {
  const measured: Measured[] = [];
  const reads = readsOf(systems, plan);
  // Round 0 lets every program compile what is hot, and is not counted.
  for (let round = 0; round <= plan.rounds; round += 1) {
    say(round === 0 ? "Warming up" : `Round ${round} of ${plan.rounds}`);
    for (const { scenario, prepare } of reads) {
      const target = await prepare(round);
      const { connections, seconds } = plan;
      const result = await run({ ...target, connections, seconds });
      checkAnswers(scenario, result);
      if (round > 0) {
        measured.push({ scenario, connections, round, result });
        say(
          `  ${scenario}: ${Math.round(result.perSecond)} a second, ` +
            `p50 ${result.p50.toFixed(2)} ms, p99 ${result.p99.toFixed(2)} ms`,
        );
      }
    }
  }
  const rows = summarize(measured);
  return { rows, ratios: reads.flatMap((read) => ratioOf(read, rows)) };
}

interface Read {
  scenario: string;
  /** The read that this one is compared with. */
  base?: string;
  most?: number;
  /** Each round has keys of its own: what the last one has read is in memory. */
  prepare: (round: number) => Promise<Target>;
}

function readsOf({ large, small, spec }: ReadSystems, plan: ReadPlan): Read[] {
  // So far that all pages that are asked for exist.
  const pages = Math.min(PAGES, Math.ceil(spec.events / 4));
  const page = Math.max(2, Math.min(plan.page, Math.floor((spec.events - pages) / PAGE)));
  const reads: Read[] = [];
  for (const sort of Object.keys(SORTS) as (keyof typeof SORTS)[]) {
    const at = (pageDepth: number) => () => listing(large, sort, { pageDepth, count: pages });
    const base = `list by ${sort}, page 1`;
    reads.push({ scenario: base, prepare: at(1) });
    reads.push({
      scenario: `list by ${sort}, page ${page.toLocaleString("en")}`,
      ...{ base, most: DEPTH_RATIO_MAX, prepare: at(page) },
    });
  }
  const kinds: [string, (system: LocalSystem, round: number) => Promise<Target>][] = [
    ["event", (system, round) => readingEvents(system, "detail", keys(round))],
    ["availability", (system, round) => readingEvents(system, "availability", keys(round))],
    ["my reservation", (system, round) => readingReservations(system, "one", keys(round))],
    ["my reservations", (system, round) => readingReservations(system, "list", keys(round))],
  ];
  for (const [name, prepare] of kinds) {
    const base = `${name}, of ${(30_000).toLocaleString("en")}`;
    reads.push({ scenario: base, prepare: (round) => prepare(small, round) });
    reads.push({
      scenario: `${name}, of ${spec.reservations.toLocaleString("en")}`,
      ...{ base, most: SIZE_RATIO_MAX, prepare: (round: number) => prepare(large, round) },
    });
  }
  return reads;
}

function keys(round: number) {
  return { seed: 1_000 + round, count: KEYS };
}

/** A failure is quick: it must not pass for an answer. */
function checkAnswers(scenario: string, { byStatus }: LoadResult): void {
  const statuses = Object.keys(byStatus);
  if (statuses.length !== 1 || statuses[0] !== "200") {
    throw new Error(`${scenario} was answered with ${JSON.stringify(byStatus)}`);
  }
}

function ratioOf({ scenario, base, most }: Read, rows: readonly Row[]): Ratio[] {
  const row = rows.find((one) => one.scenario === scenario);
  const other = rows.find((one) => one.scenario === base);
  return row === undefined || other === undefined || most === undefined
    ? []
    : [{ what: scenario, p50: row.p50 / other.p50, p99: row.p99 / other.p99, most }];
}
