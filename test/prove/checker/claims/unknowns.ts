import { keyIdOf, type ReservationCase } from "../cases.ts";
import type { Finding, Look } from "../finding.ts";
import { contentOf } from "../units.ts";

/** The state of an allocation that goes with each state of its reservation. */
const COUNTERPARTS: Readonly<Record<string, readonly string[]>> = {
  HELD: ["HELD"],
  CONFIRMING: ["HELD", "COMMITTED", "RELEASED", "VOIDED"],
  CONFIRMED: ["COMMITTED"],
  CANCELLED: ["VOIDED"],
  EXPIRED: ["RELEASED", "VOIDED"],
};

/**
 * Whether anybody got an answer or not: in the end a request was done, wholly, or not at all. Both
 * databases say the same of it, and so does every answer.
 */
export const unknowns: Look<ReservationCase> = {
  claim: "every unknown outcome resolves to exactly one",
  findings: (subject) => [...bothSides(subject), ...knownRequests(subject)],
};

function bothSides({ id, reservation, allocation, operations }: ReservationCase): Finding[] {
  const finding = (rule: string, what: string) => [{ rule, what, shows: operations }];
  if (reservation === undefined) {
    // Units that nobody's reservation has must have been given back.
    return allocation === undefined || allocation.state === "RELEASED"
      ? []
      : finding("orphan", `allocation ${id} is ${allocation.state}, and there is no reservation`);
  }
  if (allocation === undefined) {
    return finding("ghost", `reservation ${id} is ${reservation.state}, and has no units`);
  }
  if (COUNTERPARTS[reservation.state]?.includes(allocation.state) !== true) {
    const what = `reservation ${id} is ${reservation.state}, its allocation ${allocation.state}`;
    return finding("states", what);
  }
  const isSame =
    reservation.userId === allocation.userId &&
    reservation.eventId === allocation.eventId &&
    contentOf(reservation.items) === contentOf(allocation.items);
  return isSame
    ? []
    : finding("content", `reservation ${id} and its allocation are about different things`);
}

/** What was done is remembered under its key, so that a repeat is known. */
function knownRequests({ id, operations, keyIds }: ReservationCase): Finding[] {
  const known = new Set(keyIds);
  return operations.flatMap((operation): Finding[] => {
    const { wish, outcome, number } = operation;
    const keyId = keyIdOf(operation);
    const isChange = keyId !== undefined && wish.kind !== "reserve";
    return outcome !== "ok" || !isChange || known.has(keyId)
      ? []
      : [
          {
            rule: `forgotten ${number}`,
            what: `${wish.kind} of reservation ${id} was told to be done, and nothing is known of it`,
            shows: [operation],
          },
        ];
  });
}
