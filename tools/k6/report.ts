import { type Invariant, told } from "../demo/invariants.ts";
import type { MemoryUse } from "../local/memory-watch.ts";
import type { Plan } from "./prepare.ts";
import type { Latency, Summary } from "./summary.ts";
import type { Surroundings } from "./surroundings.ts";

/** Everything about a run that is over. */
export interface Finished {
  plan: Plan;
  summary: Summary;
  surroundings: Surroundings;
  invariants: readonly Invariant[];
  /** Promises to callers that were not kept. */
  broken: readonly string[];
  /** By service, in MiB. */
  memory: Readonly<Record<string, MemoryUse>>;
  /** The most frequent unexpected answers. */
  unexpected: readonly string[];
}

const FULL_PHASE = "http_req_duration{phase:full}";

/** A run as a table for people, and as a row to be kept. */
export function report(finished: Finished): string {
  const { plan, summary, surroundings, invariants, broken, memory, unexpected } = finished;
  const { scenario, folder } = plan;
  return [
    "",
    `k6 ${scenario.name}: ${sizeOf(plan)}; it took ${summary.seconds.toFixed(0)} s`,
    `${surroundings.machine}; ${surroundings.k6}; commit ${surroundings.commit}`,
    `before it: ${surroundings.dataSet}`,
    "",
    "             answers       a second       p50       p95       p99       max   refused  unexpected",
    ...summary.classes().map(classLine(summary.seconds)),
    ...fullPhase(finished),
    ...waits(summary),
    ...steps(finished),
    `resident memory at most, MiB: ${Object.entries(memory)
      .map(([service, { most }]) => `${service} ${most}`)
      .join(", ")}`,
    "",
    ...broken.map((promise) => `${scenario.isSearch === true ? "FOUND" : "BROKE"} ${promise}`),
    ...unexpected.map((text) => `      ${text}`),
    ...(broken.length === 0 ? ["ok    every promise of docs/slo.md that it looks at is kept"] : []),
    ...invariants.map(told),
    "",
    "For docs/load-report.md:",
    markdownRow(finished),
    "",
    `Plots, figures, verdict: report.html, summary.json and verdict.json in ${folder}`,
    "",
  ].join("\n");
}

/** The columns of the table in docs/load-report.md. */
export function markdownRow({ plan, summary, invariants, surroundings }: Finished): string {
  const all = summary.latency("http_req_duration") ?? summary.latency("grpc_req_duration");
  const main = plan.scenario.file === "grpc.ts" ? summary.latency("grpc_req_duration") : all;
  const sum = (pick: (one: ReturnType<Summary["classes"]>[number]) => number) =>
    summary.classes().reduce((total, one) => total + pick(one), 0);
  const isExact = invariants.every(({ violations }) => violations.length === 0);
  const exactness = invariants.length === 0 ? "sells nothing" : isExact ? "all hold" : "BROKEN";
  const cells = [
    plan.scenario.name,
    sizeOf(plan),
    `${main?.count ?? 0}`,
    `${perMinute({ plan, summary }) ?? Math.round(((main?.count ?? 0) / summary.seconds) * 60)}`,
    main === undefined ? "" : [main.p50, main.p95, main.p99].map(shown).join(" / "),
    `${sum(({ refused }) => refused)}`,
    `${sum(({ unexpected }) => unexpected)}`,
    `${summary.count("dropped_iterations")}`,
    exactness,
    surroundings.commit,
    plan.scenario.reference,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** How it went while as many people left as came. */
function fullPhase({ plan, summary }: Finished): string[] {
  const full = summary.latency(FULL_PHASE);
  const rate = perMinute({ plan, summary });
  if (full === undefined || rate === undefined) {
    return [];
  }
  const { p50, p95, p99 } = full;
  return [
    `  at its height: ${rate} requests a minute, ` +
      `p50 ${shown(p50)}, p95 ${shown(p95)}, p99 ${shown(p99)} ms`,
  ];
}

/** Requests a minute at the height; undefined where there is none. */
function perMinute({ plan, summary }: Pick<Finished, "plan" | "summary">): number | undefined {
  const full = summary.latency(FULL_PHASE);
  const seconds = plan.settings.seconds - (plan.scenario.staySeconds ?? plan.settings.seconds);
  return full === undefined || seconds <= 0 ? undefined : Math.round((full.count / seconds) * 60);
}

/** Such as "500 users a minute, for 60 s, 50 units". */
function sizeOf({ scenario, settings }: Plan): string {
  const { rate, seconds, size } = scenario.settings;
  return [
    ...(rate.about === "" ? [] : [`${settings.rate} ${rate.about}`]),
    ...(seconds.about === "" ? [] : [`for ${settings.seconds} s`]),
    ...(size.about === "" ? [] : [`${settings.size} ${size.about}`]),
  ].join(", ");
}

function classLine(seconds: number) {
  return ({ name, latency, refused, unexpected }: ReturnType<Summary["classes"]>[number]) => {
    const { count, p50, p95, p99, max } = latency;
    const times = [p50, p95, p99, max].map((ms) => `${shown(ms)} ms`.padStart(10)).join("");
    return (
      `  ${name.padEnd(9)} ${String(count).padStart(8)} ${(count / seconds).toFixed(1).padStart(14)}` +
      `${times}${String(refused).padStart(10)}${String(unexpected).padStart(12)}`
    );
  };
}

/** How long people waited for the last word in a waiting room. */
function waits(summary: Summary): string[] {
  const wait = summary.latency("waiting_time");
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return wait === undefined
    ? []
    : [
        `  ${wait.count} people waited for a last word: half of them ${seconds(wait.p50)}, ` +
          `the last one ${seconds(wait.max)}`,
      ];
}

/** The stairs of a search: how each step went, as far as it came, and which was the last good one. */
function steps({ summary, broken }: Finished): string[] {
  const reached = summary
    .names()
    .map((name) => /^http_req_duration\{scenario:at_(\d+)_per_second\}$/.exec(name)?.[1])
    .filter((perSecond) => perSecond !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((perSecond) => {
      const latency = summary.latency(`http_req_duration{scenario:at_${perSecond}_per_second}`);
      return latency === undefined ? [] : [{ perSecond, latency }];
    });
  const isGood = ({ perSecond }: { perSecond: number }) =>
    !broken.some((promise) => promise.includes(`{scenario:at_${perSecond}_per_second}`));
  const last = reached.filter(isGood).at(-1);
  return reached.length === 0
    ? []
    : [
        ...reached.map(({ perSecond, latency }) => stepLine(perSecond, latency, summary)),
        `  the last step that kept every promise: ${last === undefined ? "none" : `${last.perSecond}/s`}`,
      ];
}

function stepLine(perSecond: number, { count, p50, p95, p99 }: Latency, summary: Summary): string {
  const tag = `{scenario:at_${perSecond}_per_second}`;
  const unexpected = summary.times(`unexpected_failures${tag}`);
  const dropped = summary.count(`dropped_iterations${tag}`);
  return (
    `  at ${String(perSecond).padStart(6)}/s: ${count} answers, p50 ${shown(p50)}, ` +
    `p95 ${shown(p95)}, p99 ${shown(p99)} ms, ${unexpected} unexpected, ${dropped} dropped`
  );
}

function shown(ms: number): string {
  return ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}
