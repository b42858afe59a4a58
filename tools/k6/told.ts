import type { Summary } from "./summary.ts";

/** The scenarios' counters (k6/lib/claims.ts, k6/lib/waiting-room.ts), by what they count. */
const COUNTERS = {
  // Wishes that were sent, and those that were answered: one without an answer may be either.
  attempted: "reservations_attempted",
  answered: "reservations_answered",
  acknowledged: "reservations_acknowledged",
  unitsAcknowledged: "units_acknowledged",
  unitsSoldOut: "units_sold_out",
  confirmsAttempted: "confirms_attempted",
  confirmsAnswered: "confirms_answered",
  unitsConfirmed: "units_confirmed",
  // Units of confirmed reservations that were cancelled.
  unitsUnsold: "units_unsold",
  // Whatever may have given units back.
  returns: "returns_attempted",
  // Of the waiting room.
  joined: "people_joined",
  lastWords: "people_answered",
} as const;

/** What buyers were told, added up. */
export type Told = Readonly<Record<keyof typeof COUNTERS, number>>;

/** What the scenarios counted. */
export function toldIn(summary: Summary): Told {
  const counts = Object.entries(COUNTERS).map(([what, name]) => [what, summary.count(name)]);
  return Object.fromEntries(counts) as Told;
}
