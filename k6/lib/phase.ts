import exec from "k6/execution";
import type { Options } from "k6/options";
import { run } from "./run.ts";

/** While people come, but none leaves yet, there are fewer requests than planned. */
type Phase = "rise" | "full" | "fall";

/** Measures the requests of the full phase apart; promises nothing of it. */
export const PHASE_THRESHOLDS: NonNullable<Options["thresholds"]> = {
  "http_req_duration{phase:full}": ["p(95)>=0"],
};

/** Marks what this person does next, when people stay for so long. */
export function markPhase(staySeconds: number): void {
  const seconds = (Date.now() - exec.scenario.startTime) / 1000;
  exec.vu.metrics.tags.phase = phaseAt(seconds, staySeconds);
}

function phaseAt(seconds: number, staySeconds: number): Phase {
  if (seconds < staySeconds) {
    return "rise";
  }
  return seconds < run.settings.seconds ? "full" : "fall";
}
