import type { Operation } from "../../history.ts";
import type { BuyerCase } from "../cases.ts";
import type { Finding, Look } from "../finding.ts";
import { Moment } from "../moment.ts";
import { unitsIn } from "../units.ts";

const LIVE = /^(HELD|CONFIRMING|CONFIRMED|COMMITTED)$/;

/** Held and sold units count together, at the end and at each moment. */
export const limits: Look<BuyerCase> = {
  claim: "nobody has more than the limit",
  findings: (subject) => {
    const { userId, event, reservations, allocations, moves, operations } = subject;
    const findings: Finding[] = [];
    const compare = (rule: string, units: number, ids: ReadonlySet<string>) => {
      if (units > event.maxPerUser && !findings.some((found) => found.rule === rule)) {
        findings.push({
          rule,
          what: `${userId} has ${units} units of event ${event.id} in ${rule}, and ${event.maxPerUser} are allowed`,
          shows: getting(operations, ids),
        });
      }
    };
    for (const [rule, claims] of Object.entries({ reservations, allocations })) {
      const live = claims.filter(({ state }) => LIVE.test(state));
      compare(rule, unitsIn(live.flatMap(({ items }) => items)), new Set(live.map(({ id }) => id)));
    }
    const moment = new Moment();
    for (const move of moves) {
      moment.take(move);
      const owned = moment.owners();
      compare(
        "what was told of moves",
        unitsIn(owned.flatMap(({ items }) => items)),
        new Set(owned.map(({ id }) => id)),
      );
    }
    return findings;
  },
};

function getting(operations: readonly Operation[], ids: ReadonlySet<string>): Operation[] {
  return operations.filter(
    ({ wish, told }) => wish.kind !== "look" && ids.has(told?.reservation?.id ?? ""),
  );
}
