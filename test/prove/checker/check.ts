import type { History, Operation } from "../history.ts";
import { casesOf } from "./cases.ts";
import { acknowledged } from "./claims/acknowledged.ts";
import { addsUp } from "./claims/adds-up.ts";
import { failures } from "./claims/failures.ts";
import { limitExceeded, moveRefused, soldOut } from "./claims/honesty.ts";
import { keys, nowhere } from "./claims/keys.ts";
import { limits } from "./claims/limits.ts";
import { legalMoves } from "./claims/moves.ts";
import { soldTwice } from "./claims/sold-twice.ts";
import { stream } from "./claims/stream.ts";
import { unknowns } from "./claims/unknowns.ts";
import { unsold } from "./claims/unsold.ts";
import { passes, places } from "./claims/waiting-room.ts";
import type { Evidence } from "./evidence.ts";
import type { Look } from "./finding.ts";
import { ledgerViolations } from "./ledger.ts";
import { shortest } from "./shortest.ts";
import type { Violation } from "./violation.ts";

const OF_RESERVATIONS = [acknowledged, nowhere, legalMoves, unknowns, stream, moveRefused];
const OF_KEYS = [keys];
const OF_BUYERS = [limits, limitExceeded, places];
const OF_EVENTS = [soldTwice, addsUp, unsold, soldOut, passes];

/** So many violations of one claim get their shortest history; the others get all of theirs. */
const SHORTENED = 5;

/**
 * Compares what people were told with what the databases have: every broken promise, with the
 * history that shows it. Empty when all are kept.
 *
 * Nothing may be under way any more, and the evidence must have been read after all was quiet.
 */
export function check(
  history: Pick<History, "operations" | "originMs">,
  evidence: Evidence,
): Violation[] {
  const cases = casesOf(history, evidence);
  const requests = history.operations.map((operation) => ({ operations: [operation] }));
  return [
    ...OF_RESERVATIONS.flatMap((look) => violationsOf(look, cases.reservations)),
    ...OF_KEYS.flatMap((look) => violationsOf(look, cases.keys)),
    ...OF_BUYERS.flatMap((look) => violationsOf(look, cases.buyers)),
    ...OF_EVENTS.flatMap((look) => violationsOf(look, cases.events)),
    ...violationsOf(failures, requests),
    ...ledgerViolations(evidence.ledger),
  ];
}

function violationsOf<Case extends { operations: readonly Operation[] }>(
  { claim, findings }: Look<Case>,
  cases: readonly Case[],
): Violation[] {
  const violations: Violation[] = [];
  for (const subject of cases) {
    for (const { rule, what, shows } of findings(subject)) {
      const isShown = (operations: readonly Operation[]) =>
        findings({ ...subject, operations }).some((found) => found.rule === rule);
      const isShortened = shows === undefined && violations.length < SHORTENED;
      const history = isShortened ? shortest(subject.operations, isShown) : shows;
      violations.push({ claim, what, history: history ?? subject.operations });
    }
  }
  return violations;
}
