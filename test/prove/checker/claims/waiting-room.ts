import type { Operation, ToldPlace } from "../../history.ts";
import { type BuyerCase, type EventCase, keyIdOf } from "../cases.ts";
import type { Finding, Look } from "../finding.ts";
import { turnsTaken } from "./turns.ts";

const CLAIM = "nobody is lost in the waiting room";

/** Silence that is forgiven in any case, in milliseconds. */
const SILENCE_MS = 10_000;

/** Whoever joined and goes on asking keeps the place, moves forward, and gets to the front. */
export const places: Look<BuyerCase> = {
  claim: CLAIM,
  findings: ({ userId, event, operations }) => {
    if (!event.hasWaitingRoom) {
      return [];
    }
    const findings: Finding[] = [];
    // The last answer that still counts: what ended a place makes room for another one.
    let last: { operation: Operation; place: ToldPlace } | undefined;
    for (const operation of inOrder(operations)) {
      const { number } = operation;
      const place = operation.told?.place;
      const before = last;
      if (endsPlace(operation)) {
        last = undefined;
        continue;
      }
      if (before !== undefined && operation.startMs < (before.operation.endMs ?? 0)) {
        // The two overlap: nobody can say which came first.
        last = place === undefined ? last : undefined;
        continue;
      }
      const wrong = before === undefined ? undefined : wrongAfter(before, operation);
      if (wrong !== undefined && before !== undefined) {
        const what = `${userId} at event ${event.id} ${wrong}`;
        findings.push({ rule: `${wrong} ${number}`, what, shows: [before.operation, operation] });
      }
      const isOver = operation.outcome === "refused" || place?.state === "EXPIRED";
      last = isOver ? undefined : place === undefined ? last : { operation, place };
    }
    return findings;
  },
};

/** In the order in which they were answered: what is under way may be decided at any time. */
function inOrder(operations: readonly Operation[]): Operation[] {
  return operations
    .filter(({ wish }) => /^(join|poll|leave|reserve)$/.test(wish.kind))
    .sort((one, other) => endOf(one) - endOf(other));
}

/** Leaving ends a place, and so does buying. */
function endsPlace({ wish, outcome }: Operation): boolean {
  return (wish.kind === "leave" || wish.kind === "reserve") && outcome !== "refused";
}

function wrongAfter(
  before: { operation: Operation; place: ToldPlace },
  { wish, told, startMs }: Operation,
): string | undefined {
  const { state, position } = before.place;
  const place = told?.place;
  // Who is silent may be passed over, and begin again with another place.
  if (state !== "WAITING" || startMs - endOf(before.operation) >= SILENCE_MS) {
    return undefined;
  }
  if (told?.code === "PLACE_NOT_FOUND" && wish.kind === "poll") {
    return "lost the place";
  }
  if (place?.state === "EXPIRED") {
    return "was passed over, and was not silent";
  }
  const now = place?.position ?? null;
  return now !== null && position !== null && now > position
    ? `went from position ${position} to ${now}`
    : undefined;
}

/** Nobody buys past the line, nobody buys twice with one pass, and nobody is overtaken. */
export const passes: Look<EventCase> = {
  claim: CLAIM,
  findings: ({ event, operations }) => {
    if (!event.hasWaitingRoom) {
      return [];
    }
    const findings: Finding[] = [];
    const users = new Map<string, Operation>();
    for (const operation of operations) {
      const { wish, outcome, number, userId } = operation;
      if (wish.kind !== "reserve" || outcome !== "ok") {
        continue;
      }
      if (wish.pass === undefined) {
        const what = `${userId} reserved at event ${event.id} without a pass`;
        findings.push({ rule: `no pass ${number}`, what, shows: [operation] });
        continue;
      }
      const first = users.get(wish.pass);
      if (first !== undefined && keyIdOf(first) !== keyIdOf(operation)) {
        const what = `${userId} reserved twice with one pass at event ${event.id}`;
        findings.push({ rule: `twice ${number}`, what, shows: [first, operation] });
      }
      users.set(wish.pass, first ?? operation);
    }
    return [...findings, ...turnsTaken(event.id, operations, SILENCE_MS)];
  },
};

function endOf({ endMs }: Operation): number {
  return endMs ?? Number.POSITIVE_INFINITY;
}
