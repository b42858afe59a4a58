import { arriving } from "../lib/arrivals.ts";
import { getAvailability, getEvent, listEvents } from "../lib/browse.ts";
import { cancel, confirm, reserve } from "../lib/claims.ts";
import { createEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { anyEvent, nextBuyer, run } from "../lib/run.ts";
import type { Prepared } from "../lib/run-file.ts";
import { leaveSummary } from "../lib/summary.ts";

/** Fresh processes have compiled nothing yet: some seconds of everything, judged by nobody. */
export const options = {
  scenarios: {
    people: arriving({
      rate: run.settings.rate,
      per: "second",
      seconds: run.settings.seconds,
      staySeconds: 1,
    }),
  },
};
export const handleSummary = leaveSummary;

export function setup(): Prepared {
  return createEvents({ capacity: run.settings.size });
}

export default flow(function everyCall({ events }: Prepared) {
  const buyer = nextBuyer();
  const event = anyEvent(events);
  listEvents();
  getEvent(event.id);
  getAvailability(event.id);
  const { body } = reserve({ buyer, event });
  if (body !== undefined) {
    confirm(buyer, body.id);
    cancel(buyer, body.id);
  }
});
