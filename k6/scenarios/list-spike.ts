import { sleep } from "k6";
import { arriving } from "../lib/arrivals.ts";
import { getEvent, lookAround, walkEvents } from "../lib/browse.ts";
import { createEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { markPhase, PHASE_THRESHOLDS } from "../lib/phase.ts";
import { run } from "../lib/run.ts";
import type { Prepared } from "../lib/run-file.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions } from "../lib/thresholds.ts";

const LOOKS = 13;
const THINK_SECONDS = 2;
const STAY_SECONDS = (LOOKS + 1) * THINK_SECONDS + 2;

/** People who only look: a page, and one event of it, again and again. */
export const options = sloOptions(
  ["read"],
  {
    people: arriving({
      rate: run.settings.rate,
      per: "minute",
      seconds: run.settings.seconds,
      staySeconds: STAY_SECONDS,
      graceSeconds: STAY_SECONDS + 10,
    }),
  },
  PHASE_THRESHOLDS,
);
export const handleSummary = leaveSummary;

/** An event of the run's own, so that no list is empty. */
export function setup(): Prepared & { cursors: string[] } {
  return { ...createEvents({ capacity: 1 }), cursors: walkEvents() };
}

export default flow(function look({ cursors }: { cursors: string[] }) {
  for (let turn = 0; turn < LOOKS; turn += 1) {
    markPhase(STAY_SECONDS);
    const id = lookAround(cursors);
    if (id !== undefined) {
      getEvent(id);
    }
    sleep(THINK_SECONDS);
  }
});
