import { check, fail } from "k6";
import { getAvailability, getEvent, listEvents } from "../lib/browse.ts";
import { cancel, confirm, newKey, reserve } from "../lib/claims.ts";
import { createEvents } from "../lib/events.ts";
import { flow } from "../lib/flow.ts";
import { signIn, signUp } from "../lib/people.ts";
import { run } from "../lib/run.ts";
import type { Prepared } from "../lib/run-file.ts";
import { leaveSummary } from "../lib/summary.ts";
import { sloOptions, untimed } from "../lib/thresholds.ts";
import { waitForTurn } from "../lib/waiting-room.ts";

const CLASSES = ["account", "read", "queue", "reserve", "change"] as const;

/** One person does everything once: does it work at all? How quick it is, nobody asks yet. */
export const options = sloOptions(
  CLASSES,
  { newcomer: { executor: "per-vu-iterations", vus: 1, iterations: run.settings.size } },
  untimed(CLASSES),
);
export const handleSummary = leaveSummary;

/** The first calls of a fresh process are slow, and waiting rooms admit in steps: in seconds. */
const PATIENCE = 30;

export function setup(): Prepared {
  return createEvents({
    capacity: 10,
    waitingRoom: { admitPerMinute: 600, maxActive: 10, passSeconds: 60, onStoreLoss: "closed" },
  });
}

export default flow(function everything({ events }: Prepared) {
  const [event] = events;
  const account = signUp();
  const buyer = signIn(account);
  if (event === undefined || buyer === undefined) {
    fail("nobody could sign up and sign in");
  }
  check(listEvents(), { "events are listed": ({ body }) => body !== undefined });
  getEvent(event.id);
  getAvailability(event.id);
  const place = waitForTurn(buyer, event, PATIENCE);
  check(place, { "the waiting room lets in": (told) => told?.state === "ADMITTED" });
  const wish = { buyer, event, quantity: 2, pass: place?.pass ?? "", idempotencyKey: newKey() };
  const made = reserve(wish);
  check(made, { "two units are held": ({ body }) => body?.state === "HELD" });
  const id = made.body?.id ?? "";
  check(reserve(wish), {
    "a repeat gets the same answer": ({ body, isReplayed }) => isReplayed && body?.id === id,
  });
  check(confirm(buyer, id, 2), { paid: ({ body }) => body?.state === "CONFIRMED" });
  check(cancel(buyer, id, 2), { cancelled: ({ body }) => body?.state === "CANCELLED" });
});
