import { sleep } from "k6";
import exec from "k6/execution";
import { arriving } from "../lib/arrivals.ts";
import { getAvailability, getEvent, listEvents } from "../lib/browse.ts";
import { cancel, confirm, letGo, reserve } from "../lib/claims.ts";
import { createEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { listReservations } from "../lib/own.ts";
import { anyEvent, nextBuyer, run } from "../lib/run.ts";
import type { Prepared } from "../lib/run-file.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions } from "../lib/thresholds.ts";

const THINK_SECONDS = 1;
const STAY_SECONDS = 6;
/** Short, so that many holds lapse while the soak goes on. */
const HOLD_SECONDS = 20;

/** The whole flow at a steady rate: do memory and latency stay where they are? */
export const options = sloOptions(
  ["read", "own", "reserve", "change"],
  {
    people: arriving({
      rate: run.settings.rate,
      per: "minute",
      seconds: run.settings.seconds,
      staySeconds: STAY_SECONDS,
    }),
  },
  // No promise of their own: the runner compares them with each other.
  Object.fromEntries([1, 2, 3].map((third) => [`http_req_duration{third:${third}}`, ["p(95)>=0"]])),
);
export const handleSummary = leaveSummary;

export function setup(): Prepared {
  return createEvents({ count: 4, capacity: run.settings.size, holdSeconds: HOLD_SECONDS });
}

export default flow(function wholeFlow({ events }: Prepared) {
  exec.vu.metrics.tags.third = String(Math.min(3, Math.floor(exec.scenario.progress * 3) + 1));
  const buyer = nextBuyer();
  const event = anyEvent(events);
  listEvents();
  sleep(THINK_SECONDS);
  getEvent(event.id);
  getAvailability(event.id);
  sleep(THINK_SECONDS);
  const { body } = reserve({ buyer, event });
  sleep(THINK_SECONDS);
  if (body !== undefined) {
    decide(
      exec.scenario.iterationInTest % 3,
      () => confirm(buyer, body.id),
      () => cancel(buyer, body.id),
    );
  }
  listReservations(buyer);
});

/** A third pays, a third gives back, a third lets go. */
function decide(third: number, pay: () => void, giveBack: () => void): void {
  if (third === 0) {
    pay();
  } else if (third === 1) {
    giveBack();
  } else {
    letGo();
  }
}
