import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { findStoreBinaries, MYSQL_TITLES } from "@tessera/testkit/stores/binaries";
import { commit, machine } from "../../../tools/k6/surroundings.ts";
import { printed } from "../checker/printed.ts";
import { CLAIMS } from "../checker/violation.ts";
import type { ControlResult } from "../controls/control-runs.ts";
import type { Options } from "../options.ts";
import { flatness, type Slope } from "../recovery/flatness.ts";
import type { PlayedFault, PlayedRound } from "../round.ts";
import type { Played } from "../run.ts";
import { numbered } from "./numbered.ts";
import { pictureOf } from "./picture.ts";

/** A run that is over. */
export interface Finished {
  options: Options;
  /** What repeats it. */
  command: string;
  played: Played;
  results: readonly ControlResult[];
}

/** What it comes to. */
export interface Verdict {
  /** Rounds in which all was well, controls that were caught, and figures that stayed flat … */
  passed: number;
  /** … and the others. */
  failed: number;
  /** A few lines for the console. */
  text: string;
}

/** Runs that are shorter say nothing about growth, in minutes. */
const FLAT_FROM_MINUTES = 10;

/** Leaves `proof.md`, `proof.svg` and, when there are any, `violations.txt` in the folder. */
export function writeReport(folder: string, finished: Finished): Verdict {
  const { played, results, options } = finished;
  const { rounds } = played;
  const faults = rounds.flatMap((round) => round.faults);
  const missed = options.hasTargets ? faults.flatMap((fault) => fault.missed) : [];
  const slopes = options.minutes < FLAT_FROM_MINUTES ? [] : slopesOf(played);
  const outcomes = [
    ...rounds.map((round) => isWell(round, options)),
    ...results.map(({ isCaught }) => isCaught),
    ...slopes.map(({ isFlat }) => isFlat),
  ];
  const failed = outcomes.filter((isFine) => !isFine).length;
  const violations = rounds.flatMap((round) => round.violations);
  const lines = [
    `${rounds.length} rounds, ${faults.length} faults, ${sum(rounds, "requests")} requests, ${sum(rounds, "reserved")} reservations`,
    `${violations.length} violations of ${CLAIMS.length} promises`,
    `${rounds.flatMap(({ troubles }) => troubles).length} troubles: something died, did not settle, or left something behind`,
    `${missed.length} targets of recovery missed${options.hasTargets ? "" : ": they were not judged"}`,
    `${rounds.flatMap(({ unsold }) => unsold).length} events whose rest there was no time to sell: what they left proves nothing`,
    `${results.filter(({ isCaught }) => isCaught).length} of ${results.length} controls caught`,
    ...(slopes.length === 0
      ? []
      : [`${slopes.filter(({ isFlat }) => !isFlat).length} of ${slopes.length} figures grew`]),
  ];
  writeFileSync(join(folder, "proof.svg"), pictureOf(played));
  writeFileSync(join(folder, "proof.md"), markdown(finished, lines, slopes));
  if (violations.length > 0) {
    writeFileSync(join(folder, "violations.txt"), violations.map(printed).join("\n\n"));
  }
  return { passed: outcomes.length - failed, failed, text: lines.join("\n") };
}

/** The one that the world's stores are made with. */
function database(): string {
  const { mysql } = findStoreBinaries();
  return mysql === undefined ? "no MySQL" : MYSQL_TITLES[mysql.type];
}

function isWell(
  { violations, troubles, faults, unsold }: PlayedRound,
  { hasTargets }: Options,
): boolean {
  const late = hasTargets ? [...faults.flatMap((fault) => fault.missed), ...unsold] : [];
  return violations.length + troubles.length + late.length === 0;
}

function markdown(finished: Finished, lines: readonly string[], slopes: readonly Slope[]): string {
  const { played, results, command } = finished;
  const { rounds, refused } = played;
  return [
    "# Proof",
    "",
    `\`${command}\` at commit ${commit()}, ${new Date().toISOString().slice(0, 10)}, on ${machine()}; services, ${database()}, Redis and the crowd share it.`,
    "",
    ...lines.map((line) => `- ${line}`),
    "",
    "![Answers and latency over time, with the faults marked](proof.svg)",
    "",
    "## Faults that came alone",
    "",
    "The numbers are those in the picture. Rates are answers a second; times are in milliseconds.",
    "",
    ...table(
      [
        "",
        "fault",
        "what",
        "before",
        "during",
        "after",
        "silent for",
        "first answer",
        "full service after breaking",
        "after healing",
        "failures",
        "missed",
      ],
      numbered(rounds)
        .filter(({ round }) => round.kind === "alone")
        .map(({ label, fault }) => faultRow(label, fault)),
    ),
    "",
    "## Faults that came together",
    "",
    ...table(
      ["", "fault", "what", "from", "to"],
      numbered(rounds)
        .filter(({ round }) => round.kind === "together")
        .map(({ label, fault }) => [
          label,
          `\`${fault.planned.fault.name}\``,
          fault.what,
          clock(fault.from),
          clock(fault.to),
        ]),
    ),
    ...(refused.length === 0
      ? []
      : [
          "",
          "Not possible here:",
          "",
          ...refused.map(({ fault, why }) => `- \`${fault.name}\`: ${why}`),
        ]),
    "",
    "## Controls",
    "",
    ...table(
      ["what was taken away", "caught", "found"],
      results.map(({ control, isCaught, caught }) => [
        control.title,
        isCaught ? "yes" : "NO",
        caught.find(({ claim }) => control.expects.includes(claim))?.what ?? "",
      ]),
    ),
    "",
    "## Growth",
    "",
    ...table(
      ["figure", "second third", "last third", "at most", "ratio", ""],
      slopes.map(({ what, second, last, most, ratio, isFlat }) => [
        what,
        ...[second, last, most].map((value) => value.toFixed(1)),
        ratio.toFixed(2),
        isFlat ? "" : "GREW",
      ]),
    ),
    "",
    "## Troubles",
    "",
    ...rounds.flatMap((round) =>
      round.troubles.map((text) => `- round ${round.plan.number}: ${text}`),
    ),
    "",
  ].join("\n");
}

function faultRow(label: string, { planned, what, recovery, missed }: PlayedFault): string[] {
  const { before, during, after, failures } = recovery;
  return [
    label,
    `\`${planned.fault.name}\``,
    what,
    ...[before, during, after].map(({ answered }) => answered.toFixed(0)),
    rounded(recovery.silenceMs),
    rounded(recovery.firstAnswerMs),
    rounded(recovery.fullAfterBreakingMs),
    rounded(recovery.fullAfterHealingMs),
    failures.map(({ kind, count }) => `${count} × ${kind}`).join(", "),
    missed.join("; "),
  ];
}

/** Requests' p95 of quiet seconds; the laboratory's own faults are no growth. */
function slopesOf({ rounds, footprints }: Played): Slope[] {
  const start = footprints[0]?.atMs ?? 0;
  const latencies = rounds.flatMap(({ seconds, faults }) =>
    seconds
      .filter(({ at }) => faults.every(({ from, to }) => at < from - 1 || at > to + 3))
      .flatMap(({ at, p95Ms }) =>
        p95Ms === undefined ? [] : [{ atMs: start + at * 1000, ms: p95Ms }],
      ),
  );
  return flatness(footprints, latencies);
}

function sum(rounds: readonly PlayedRound[], what: "requests" | "reserved"): string {
  return rounds.reduce((total, round) => total + round[what], 0).toLocaleString("en");
}

function rounded(value: number | undefined): string {
  return value === undefined ? "never" : Math.round(value).toLocaleString("en");
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) {
    return ["None."];
  }
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)];
}
