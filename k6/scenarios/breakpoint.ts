import type { Options } from "k6/options";
import { reserve } from "../lib/claims.ts";
import { createEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { anyEvent, nextBuyer, run } from "../lib/run.ts";
import type { Prepared } from "../lib/run-file.ts";
import { SLO } from "../lib/slo.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions } from "../lib/thresholds.ts";

/** Steps of the stairs, each as long as the others. */
const STEPS = 10;
/** Several, as in a real evening: one event's line is another scenario. */
const EVENTS = 4;
/** A step's people: who waits for a second is beyond the promise anyway. */
const STAY_SECONDS = 1;
const MOST_VUS = 2_000;

const { rate, seconds, size } = run.settings;
const stepSeconds = Math.max(1, Math.floor(seconds / STEPS));
const steps = Array.from({ length: STEPS }, (_one, index) =>
  Math.ceil((rate * (index + 1)) / STEPS),
);

/** More and more reservations a second, step by step, until a promise is broken: what breaks? */
export const options = sloOptions(["reserve"], stairs(), brokenPromises());
export const handleSummary = leaveSummary;

export function setup(): Prepared {
  return createEvents({ count: EVENTS, capacity: size });
}

export default flow(function oneReservation({ events }: Prepared) {
  reserve({ buyer: nextBuyer(), event: anyEvent(events) });
});

function stairs(): NonNullable<Options["scenarios"]> {
  return Object.fromEntries(
    steps.map((perSecond, index) => [
      nameOf(perSecond),
      {
        executor: "constant-arrival-rate" as const,
        rate: perSecond,
        timeUnit: "1s",
        duration: `${stepSeconds}s`,
        startTime: `${index * stepSeconds}s`,
        gracefulStop: "2s",
        preAllocatedVUs: Math.min(MOST_VUS, Math.ceil(perSecond * STAY_SECONDS)),
      },
    ]),
  );
}

/** Each step is judged by itself, and the first that breaks a promise is the last one. */
function brokenPromises(): NonNullable<Options["thresholds"]> {
  const { p95, availability } = SLO.reserve;
  const each = steps.map((perSecond, index) => {
    // Half a step, for new connections, before it may be the last: counted from the run's start.
    const delayAbortEval = `${Math.ceil((index + 0.5) * stepSeconds)}s`;
    const abort = { abortOnFail: true, delayAbortEval };
    const tag = `{scenario:${nameOf(perSecond)}}`;
    return {
      [`http_req_duration${tag}`]: [{ threshold: `p(95)<${p95}`, ...abort }],
      [`unexpected_failures${tag}`]: [
        { threshold: `rate<${Number((1 - availability).toFixed(6))}`, ...abort },
      ],
      [`dropped_iterations${tag}`]: [{ threshold: "count==0", ...abort }],
    };
  });
  return Object.assign({}, ...each);
}

function nameOf(perSecond: number): string {
  return `at_${perSecond}_per_second`;
}
