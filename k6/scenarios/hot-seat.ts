import { sleep } from "k6";
import exec from "k6/execution";
import { arriving } from "../lib/arrivals.ts";
import { confirm, reserveAll } from "../lib/claims.ts";
import { createEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { anyEvent, buyerOf, run } from "../lib/run.ts";
import type { Prepared } from "../lib/run-file.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions } from "../lib/thresholds.ts";

/** So many buyers press the button in one iteration, each on a connection of his own. */
const AT_ONCE = 10;
/** Who comes back each second to look again, of those who came in the first. */
const RETURNING = 10;
/** How long it takes to pay. */
const PAY_SECONDS = 5;
/** How long the first crowd may take, and who buys stays on; sizes the pool. */
const STAY_SECONDS = 3 + PAY_SECONDS;

const { rate, seconds } = run.settings;

/** Everybody wants the same last units in the same second, and keeps looking for a while. */
export const options = {
  ...sloOptions(["crowd", "change"], {
    crowd: arriving({
      rate: Math.ceil(rate / AT_ONCE),
      per: "second",
      seconds: 1,
      staySeconds: STAY_SECONDS,
    }),
    returning: arriving({
      rate: Math.ceil(rate / AT_ONCE / RETURNING),
      per: "second",
      seconds,
      staySeconds: STAY_SECONDS,
      startSeconds: 1,
    }),
  }),
  batch: AT_ONCE,
  batchPerHost: AT_ONCE,
};
export const handleSummary = leaveSummary;

export function setup(): Prepared {
  return createEvents({ capacity: run.settings.size, maxPerUser: 1 });
}

export default flow(function pressTheButton({ events }: Prepared) {
  const first = exec.scenario.iterationInTest * AT_ONCE;
  const event = anyEvent(events);
  const wishes = Array.from({ length: AT_ONCE }, (_one, index) => ({
    buyer: buyerOf(first + index),
    event,
  }));
  const winners = reserveAll(wishes).flatMap(({ body }, index) =>
    body === undefined ? [] : [{ id: body.id, buyer: buyerOf(first + index) }],
  );
  if (winners.length > 0) {
    sleep(PAY_SECONDS);
  }
  for (const { id, buyer } of winners) {
    confirm(buyer, id);
  }
});
