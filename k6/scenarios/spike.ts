import { sleep } from "k6";
import { arriving } from "../lib/arrivals.ts";
import { getEvent, lookAround, walkEvents } from "../lib/browse.ts";
import { reserve } from "../lib/claims.ts";
import { createEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { markPhase, PHASE_THRESHOLDS } from "../lib/phase.ts";
import { anyEvent, nextBuyer, run } from "../lib/run.ts";
import type { Prepared } from "../lib/run-file.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions } from "../lib/thresholds.ts";

/** What a person does: looks at so many pages, then at the event, then reserves. */
const LISTS = 13;
const THINK_SECONDS = 2;
const STAY_SECONDS = (LISTS + 1) * THINK_SECONDS + 2;

/** The booking spike: people who look around with time to think, and reserve in the end. */
export const options = sloOptions(
  ["read", "reserve"],
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

export function setup(): Prepared & { cursors: string[] } {
  return { ...createEvents({ capacity: run.settings.size }), cursors: walkEvents() };
}

export default flow(function book({ events, cursors }: Prepared & { cursors: string[] }) {
  const buyer = nextBuyer();
  const event = anyEvent(events);
  for (let page = 0; page < LISTS; page += 1) {
    markPhase(STAY_SECONDS);
    lookAround(cursors);
    sleep(THINK_SECONDS);
  }
  markPhase(STAY_SECONDS);
  getEvent(event.id);
  sleep(THINK_SECONDS);
  markPhase(STAY_SECONDS);
  reserve({ buyer, event });
});
