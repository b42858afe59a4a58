import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { versionOf } from "../local/go-program.ts";
import { MemoryWatch } from "../local/memory-watch.ts";
import type { Progress } from "../local/progress.ts";
import type { Session } from "../local/session.ts";
import type { LocalSystem } from "../local/system.ts";
import { launchK6 } from "./launch.ts";
import { forgetPeople, type Plan, prepareRun } from "./prepare.ts";
import { type Finished, report } from "./report.ts";
import { WARM_UP } from "./scenarios.ts";
import { flatness } from "./soak.ts";
import { Summary } from "./summary.ts";
import { surroundings } from "./surroundings.ts";
import { toldIn } from "./told.ts";
import { judge, newestReservation } from "./verdict.ts";

/** k6's own code for promises that were not kept. */
const THRESHOLDS_BROKEN = 99;
/** Kinds of unexpected answers that are shown. */
const MOST_KINDS = 5;

/** Lets a system that was only just started compile what it will run. */
export async function warmUp(folder: string, means: Means): Promise<void> {
  const { session, system, k6, progress } = means;
  const { rate, seconds, size } = WARM_UP.settings;
  const settings = { rate: rate.fallback, seconds: seconds.fallback, size: size.fallback };
  const plan = { scenario: WARM_UP, folder: join(folder, WARM_UP.name), settings };
  await prepareRun(plan, system, progress);
  const work = launchK6(session.children, k6, plan, { isQuiet: true });
  await progress.during("Warming up", work);
  rmSync(plan.folder, { recursive: true });
}

/** What a run has at hand. */
export interface Means {
  session: Session;
  system: LocalSystem;
  /** The program's path. */
  k6: string;
  progress: Progress;
}

/** Prepares a run, runs it, judges it and prints what came of it; resolves to an exit code. */
export async function runPlan(plan: Plan, means: Means): Promise<number> {
  const { session, system, k6, progress } = means;
  await prepareRun(plan, system, progress);
  const around = await surroundings(system, `k6 ${versionOf(k6)}`);
  const firstSeq = await newestReservation(system.mysqlUrls);
  const watch = new MemoryWatch(system.ports);
  watch.start();
  const code = await launchK6(session.children, k6, plan);
  const memory = watch.stop();
  forgetPeople(plan);
  const file = join(plan.folder, "summary.json");
  if (!existsSync(file)) {
    throw new OperatorError(`k6 ended with ${code} and left no summary.\n${consoleOf(plan)}`);
  }
  const summary = Summary.read(file);
  const ledger = { urls: system.mysqlUrls, events: summary.events, firstSeq };
  const judged = await progress.during("Asking the ledger", judge(ledger, toldIn(summary)));
  const { scenario, settings } = plan;
  const flat = scenario.isSoak === true ? flatness(summary, memory, settings.seconds) : [];
  const finished: Finished = {
    plan,
    summary,
    surroundings: around,
    invariants: [...judged, ...flat],
    broken: summary.brokenPromises(),
    memory,
    unexpected: unexpectedIn(plan),
  };
  process.stdout.write(report(finished));
  const { invariants, broken, unexpected } = finished;
  const kept = {
    plan,
    ...around,
    seconds: summary.seconds,
    invariants,
    broken,
    memory,
    unexpected,
  };
  writeFileSync(join(plan.folder, "verdict.json"), `${JSON.stringify(kept, null, 2)}\n`);
  return exitCodeOf(finished, code);
}

/** A search is a success when it found where it breaks, and nothing was lost there. */
function exitCodeOf({ plan, invariants, broken }: Finished, code: number): number {
  const isExact = invariants.every(({ violations }) => violations.length === 0);
  const isKept = plan.scenario.isSearch === true || broken.length === 0;
  const isFinished = code === 0 || code === THRESHOLDS_BROKEN;
  return isExact && isKept && isFinished ? 0 : 1;
}

/** The kinds of unexpected answers that were told on k6's console, the most frequent first. */
function unexpectedIn(plan: Plan): string[] {
  const counts = new Map<string, number>();
  for (const [, text = ""] of consoleOf(plan).matchAll(/unexpected: ([^"\n]+)/g)) {
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_KINDS)
    .map(([text, count]) => `${count} x ${text}`);
}

function consoleOf({ folder }: Plan): string {
  const file = join(folder, "console.log");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
