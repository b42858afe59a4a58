import type { Summary } from "./summary.ts";
import type { Told } from "./verdict.ts";

/** What the scenarios counted; see k6/lib/claims.ts and k6/lib/waiting-room.ts. */
export function toldIn(summary: Summary): Told {
  return {
    attempted: summary.count("reservations_attempted"),
    answered: summary.count("reservations_answered"),
    acknowledged: summary.count("reservations_acknowledged"),
    unitsAcknowledged: summary.count("units_acknowledged"),
    unitsSoldOut: summary.count("units_sold_out"),
    confirmsAttempted: summary.count("confirms_attempted"),
    confirmsAnswered: summary.count("confirms_answered"),
    unitsConfirmed: summary.count("units_confirmed"),
    unitsUnsold: summary.count("units_unsold"),
    returns: summary.count("returns_attempted"),
    joined: summary.count("people_joined"),
    lastWords: summary.count("people_answered"),
  };
}
