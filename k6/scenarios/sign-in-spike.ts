import { arriving } from "../lib/arrivals.ts";
import { noEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { signIn } from "../lib/people.ts";
import { anyAccount, run } from "../lib/run.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions } from "../lib/thresholds.ts";

/** People who sign in, each out of a great many accounts: how many hashes a minute? */
export const options = sloOptions(["account"], {
  people: arriving({
    rate: run.settings.rate,
    per: "minute",
    seconds: run.settings.seconds,
    staySeconds: 2,
  }),
});
export const handleSummary = leaveSummary;
export const setup = noEvents;

export default flow(function oneSignIn() {
  signIn(anyAccount());
});
