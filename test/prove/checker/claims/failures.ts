import { isReason, REASONS, type Reason } from "@tessera/proto/reasons";
import type { Operation, Wish } from "../../history.ts";
import type { Finding, Look } from "../finding.ts";

/** Whatever is wrong with the system, or with how much is asked of it. */
const ANYTIME: readonly Reason[] = [
  "RATE_LIMITED",
  "TOO_BUSY",
  "OVERLOADED",
  "DEPENDENCY_UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  // Where a clock is far ahead, tokens are over; who signs in again, elsewhere, goes on.
  "UNAUTHENTICATED",
];
const KEYED: readonly Reason[] = ["REQUEST_IN_PROGRESS", "IDEMPOTENCY_KEY_REUSED"];
const CHANGE: readonly Reason[] = [...KEYED, "ILLEGAL_MOVE", "RESERVATION_NOT_FOUND"];
const ROOM: readonly Reason[] = ["PLACE_NOT_FOUND", "WAITING_ROOM_UNAVAILABLE"];

/** What each kind of request may be told beside that; the wishes of the laboratory are well-formed. */
const REFUSALS: Readonly<Record<Wish["kind"], readonly Reason[]>> = {
  reserve: [
    ...KEYED,
    ...(["SOLD_OUT", "LIMIT_EXCEEDED", "WAITING_ROOM_UNAVAILABLE", "FENCED"] as const),
    ...(["PASS_REQUIRED", "PASS_INVALID", "PASS_EXPIRED", "PASS_USED"] as const),
    // What the first try was granted has lapsed, and nobody was told of it.
    "HOLD_EXPIRED",
  ],
  confirm: [...CHANGE, "HOLD_EXPIRED"],
  cancel: [...CHANGE, "CANCEL_NOT_ALLOWED"],
  extend: [...CHANGE, "HOLD_EXPIRED", "EXTEND_LIMIT"],
  look: ["RESERVATION_NOT_FOUND"],
  join: ["WAITING_ROOM_UNAVAILABLE", "WAITING_ROOM_FULL"],
  poll: ROOM,
  leave: ROOM,
  capacity: [...KEYED, "CAPACITY_BELOW_TAKEN"],
};

/** Answers of these statuses say when to come again. */
const LATER: readonly number[] = [425, 429, 503, 504];

/**
 * A failure is called what it is, and whoever may come again is told when. How long it took is not
 * judged here but by the recovery figures: a machine that is busy with other things is late too.
 */
export const failures: Look<{ operations: readonly Operation[] }> = {
  claim: "failures are told as failures",
  findings: ({ operations }) => operations.flatMap(wrongWith),
};

function wrongWith(operation: Operation): Finding[] {
  const { told, wish, number } = operation;
  if (told === undefined) {
    return [];
  }
  const { status, code, retryAfter } = told;
  const findings: Finding[] = [];
  const add = (rule: string, what: string) => {
    const answer = `${wish.kind} was answered ${status} ${code ?? ""}`.trim();
    findings.push({ rule: `${rule} ${number}`, what: `${answer}: ${what}`, shows: [operation] });
  };
  if (status >= 200 && status < 300) {
    return findings;
  }
  if (code === undefined || !isReason(code)) {
    add("no reason", "no reason of the catalogue");
    return findings;
  }
  if (REASONS[code].status !== status) {
    add("status", `the catalogue says ${REASONS[code].status}`);
  }
  if (!ANYTIME.includes(code) && !REFUSALS[wish.kind].includes(code)) {
    add("reason", "no answer to this request");
  }
  if ((LATER.includes(status) || code === "REQUEST_IN_PROGRESS") && !(Number(retryAfter) > 0)) {
    add("retry", "nothing says when to come again");
  }
  return findings;
}
