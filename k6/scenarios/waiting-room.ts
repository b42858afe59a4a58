import { arriving } from "../lib/arrivals.ts";
import { confirm, reserve } from "../lib/claims.ts";
import { createEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { anyEvent, nextBuyer, run } from "../lib/run.ts";
import type { Prepared } from "../lib/run-file.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions } from "../lib/thresholds.ts";
import { waitForTurn } from "../lib/waiting-room.ts";

const { rate, seconds, size } = run.settings;
/** All who buy are let in within half a minute or so; then the others are told that all is gone. */
const ADMISSION_SECONDS = 30;
const PATIENCE_SECONDS = seconds + 4 * ADMISSION_SECONDS;
/** Everything is decided by then, so whoever still waits has been forgotten. */
const STAY_SECONDS = PATIENCE_SECONDS + 10;

/** People join before the opening and after it, poll as they are told, and buy when let in. */
export const options = sloOptions(
  ["queue", "reserve", "change"],
  {
    people: arriving({
      rate,
      per: "minute",
      seconds,
      staySeconds: STAY_SECONDS,
      graceSeconds: STAY_SECONDS,
    }),
  },
  { positions_grown: ["count==0"] },
);
export const handleSummary = leaveSummary;

/** The sale opens when half of them have come. */
export function setup(): Prepared {
  return createEvents({
    capacity: size,
    maxPerUser: 1,
    opensInSeconds: Math.ceil(seconds / 2) + 1,
    waitingRoom: {
      admitPerMinute: Math.ceil((size * 60) / ADMISSION_SECONDS),
      maxActive: Math.max(10, Math.ceil(size / 4)),
      passSeconds: 30,
      onStoreLoss: "closed",
    },
  });
}

export default flow(function waitAndBuy({ events }: Prepared) {
  const buyer = nextBuyer();
  const event = anyEvent(events);
  const place = waitForTurn(buyer, event, PATIENCE_SECONDS);
  if (place?.pass !== undefined) {
    const { body } = reserve({ buyer, event, pass: place.pass });
    if (body !== undefined) {
      confirm(buyer, body.id);
    }
  }
});
