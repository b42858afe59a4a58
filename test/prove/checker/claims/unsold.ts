import type { EventCase } from "../cases.ts";
import type { Finding, Look } from "../finding.ts";
import { unitsByType } from "../units.ts";

/** A sweeper is never as late as this, in milliseconds. */
const SWEEP_LATE_MS = 5_000;

/** What is left at the end is left because nobody wants it. */
export const unsold: Look<EventCase> = {
  claim: "nothing is left unsold while somebody wants it",
  findings: (subject) => [...turnedAway(subject), ...stuck(subject)],
};

/**
 * Who came when all was quiet, and was told that nothing is left, while it is still there. Nothing
 * may have come back since: otherwise it may have been true at the time.
 */
function turnedAway({ operations, stock, moves, quietMs, clock }: EventCase): Finding[] {
  const quietTime = clock.zeroTime + quietMs;
  const returned = new Set(
    moves
      .filter(({ state, time }) => time >= quietTime && /^(CANCELLED|EXPIRED)$/.test(state))
      .flatMap(({ items }) => items.map(({ ticketTypeId }) => ticketTypeId)),
  );
  const resized = new Set(
    operations.flatMap(({ wish, endMs }) =>
      wish.kind === "capacity" && (endMs ?? Number.POSITIVE_INFINITY) >= quietMs
        ? [wish.ticketTypeId]
        : [],
    ),
  );
  const left = new Map(stock.map(({ ticketTypeId, available }) => [ticketTypeId, available]));
  return operations.flatMap((operation) => {
    const { wish, told, startMs, number } = operation;
    if (wish.kind !== "reserve" || told?.code !== "SOLD_OUT" || startMs < quietMs) {
      return [];
    }
    const wanted = [...unitsByType(wish.items)];
    const isThere = wanted.every(
      ([id, units]) => !returned.has(id) && !resized.has(id) && units <= (left.get(id) ?? 0),
    );
    const have = wanted.map(([id, units]) => `${units} of ${left.get(id)} of ticket type ${id}`);
    return isThere
      ? [
          {
            rule: `turned away ${number}`,
            what: `${operation.userId} wanted ${have.join(" and ")}, and was told SOLD_OUT`,
            shows: [operation],
          },
        ]
      : [];
  });
}

/** Units that nobody gives back. */
function stuck({ reservations, operations, clock }: EventCase): Finding[] {
  return reservations.flatMap(({ id, state, expireTime }) => {
    const lateMs = clock.readTime - expireTime;
    return state === "HELD" && lateMs > SWEEP_LATE_MS
      ? [
          {
            rule: `stuck ${id}`,
            what: `the hold of reservation ${id} ended ${lateMs} ms ago, and it is HELD still`,
            shows: operations.filter(({ told }) => told?.reservation?.id === id),
          },
        ]
      : [];
  });
}
