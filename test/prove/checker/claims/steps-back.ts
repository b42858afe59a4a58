import type { Operation } from "../../history.ts";
import type { ReservationCase } from "../cases.ts";
import type { Finding } from "../finding.ts";

/**
 * How far along each state is. A hold that is over may be paid for after all, so the two in the
 * middle may follow each other.
 */
const RANKS: Readonly<Record<string, number>> = {
  HELD: 0,
  EXPIRED: 1,
  CONFIRMING: 1,
  CONFIRMED: 2,
  CANCELLED: 3,
};

/**
 * Whoever looks sees what was told before he looked, or something later; never something earlier.
 * Repeats are left out, for they tell what was: only a look tells what is.
 */
export function stepsBack({ id, operations, moves }: ReservationCase): Finding[] {
  const told = operations.filter(
    ({ outcome, told }) => outcome === "ok" && told?.reservation?.id === id,
  );
  const byEnd = [...told].sort((one, other) => endOf(one) - endOf(other));
  const looks = told
    .filter(({ wish }) => wish.kind === "look")
    .sort((one, other) => one.startMs - other.startMs);
  const ends = new Set(moves.map(({ expireTime }) => expireTime));
  const findings: Finding[] = [];
  let next = 0;
  let furthest: Operation | undefined;
  let latest: Operation | undefined;
  for (const look of looks) {
    for (; next < byEnd.length; next += 1) {
      const before = byEnd[next];
      if (before === undefined || endOf(before) > look.startMs) {
        break;
      }
      furthest = rankOf(before) >= rankOf(furthest) ? before : furthest;
      latest = expiryOf(before) >= expiryOf(latest) ? before : latest;
    }
    const state = look.told?.reservation?.state;
    if (furthest !== undefined && rankOf(look) < rankOf(furthest)) {
      findings.push({
        rule: `back ${look.number}`,
        what: `reservation ${id} was seen ${state} after it had been ${furthest.told?.reservation?.state}`,
        shows: [furthest, look],
      });
    }
    const expiry = expiryOf(look);
    if (expiry > 0 && (!ends.has(expiry) || expiry < expiryOf(latest))) {
      findings.push({
        rule: `end ${look.number}`,
        what: `reservation ${id} was seen with an end that it never had, or no longer had`,
        shows: latest === undefined ? [look] : [latest, look],
      });
    }
  }
  return findings;
}

function endOf({ endMs }: Operation): number {
  return endMs ?? Number.POSITIVE_INFINITY;
}

function rankOf(operation: Operation | undefined): number {
  return RANKS[operation?.told?.reservation?.state ?? ""] ?? -1;
}

/** 0 when the answer told of no end. */
function expiryOf(operation: Operation | undefined): number {
  const text = operation?.told?.reservation?.expiresAt ?? "";
  return text === "" ? 0 : Date.parse(text);
}
