import type { Operation } from "../../history.ts";
import type { EventCase } from "../cases.ts";
import type { Finding, Look } from "../finding.ts";
import { sumOf } from "../units.ts";

/** At a quiet moment every unit of every ticket type is in one place, and as many as there are. */
export const addsUp: Look<EventCase> = {
  claim: "units add up to the capacity",
  findings: ({ event, stock, allocations, operations }) => {
    const held = sumOf(allocations.filter(({ state }) => state === "HELD"));
    const sold = sumOf(allocations.filter(({ state }) => state === "COMMITTED"));
    const findings: Finding[] = [];
    for (const { id, capacity } of event.ticketTypes) {
      const row = stock.find(({ ticketTypeId }) => ticketTypeId === id);
      if (row === undefined) {
        findings.push({ rule: `missing ${id}`, what: `ticket type ${id} is gone`, shows: [] });
        continue;
      }
      const levels = `available ${row.available}, held ${row.held}, sold ${row.sold}`;
      if (
        row.available + row.held + row.sold !== row.capacity ||
        Math.min(row.available, row.held, row.sold) < 0
      ) {
        const what = `ticket type ${id} has ${levels} of ${row.capacity}`;
        findings.push({ rule: `sum ${id}`, what, shows: [] });
      }
      const counted = { held: held.get(id) ?? 0, sold: sold.get(id) ?? 0 };
      if (counted.held !== row.held || counted.sold !== row.sold) {
        const what = `ticket type ${id} has ${levels}; allocations have ${counted.held} held and ${counted.sold} sold`;
        findings.push({ rule: `allocations ${id}`, what, shows: [] });
      }
      findings.push(...capacityFindings(id, { first: capacity, last: row.capacity }, operations));
    }
    return findings;
  },
};

/** The capacity is what the organiser set last, or may have set. */
function capacityFindings(
  ticketTypeId: string,
  { first, last }: { first: number; last: number },
  operations: readonly Operation[],
): Finding[] {
  const changes = operations.filter(
    ({ wish, outcome }) =>
      wish.kind === "capacity" && wish.ticketTypeId === ticketTypeId && outcome !== "refused",
  );
  // Whatever was begun before this one was begun is over, and overridden by it.
  const settled = changes
    .filter(({ outcome }) => outcome === "ok")
    .reduce((latest, { startMs }) => Math.max(latest, startMs), Number.NEGATIVE_INFINITY);
  const possible = changes.filter(
    ({ outcome, endMs }) => outcome === "unknown" || (endMs ?? Number.POSITIVE_INFINITY) >= settled,
  );
  const values = possible.flatMap(({ wish }) => (wish.kind === "capacity" ? [wish.capacity] : []));
  const isUnchanged = settled === Number.NEGATIVE_INFINITY && last === first;
  return isUnchanged || values.includes(last)
    ? []
    : [
        {
          rule: `capacity ${ticketTypeId}`,
          what: `ticket type ${ticketTypeId} has room for ${last}, which nobody set last; it was made with ${first}`,
          shows: changes,
        },
      ];
}
