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
function turnedAway(subject: EventCase): Finding[] {
  const { operations, quietMs } = subject;
  const left = leftSinceQuiet(subject);
  return operations.flatMap((operation) => {
    const { userId, wish, told, startMs, number } = operation;
    if (startMs < quietMs) {
      return [];
    }
    const finding = (what: string) => [
      { rule: `turned away ${number}`, what: `${userId} ${what}`, shows: [operation] },
    ];
    if (told?.place?.state === "GONE" && left.size > 0) {
      const units = [...left].map(([id, count]) => `${count} of ticket type ${id}`);
      return finding(`was told that all is gone, and there are ${units.join(" and ")}`);
    }
    if (wish.kind !== "reserve" || told?.code !== "SOLD_OUT") {
      return [];
    }
    const wanted = [...unitsByType(wish.items)];
    const have = wanted.map(([id, units]) => `${units} of ${left.get(id)} of ticket type ${id}`);
    return wanted.every(([id, units]) => units <= (left.get(id) ?? 0))
      ? finding(`wanted ${have.join(" and ")}, and was told SOLD_OUT`)
      : [];
  });
}

/** What is left of ticket types of which nothing came back since all was quiet. */
function leftSinceQuiet({ stock, moves, operations, quietMs, clock }: EventCase) {
  const quietTime = clock.zeroTime + quietMs;
  const returned = moves
    .filter(({ state, time }) => time >= quietTime && /^(CANCELLED|EXPIRED)$/.test(state))
    .flatMap(({ items }) => items.map(({ ticketTypeId }) => ticketTypeId));
  const resized = operations.flatMap(({ wish, endMs }) =>
    wish.kind === "capacity" && (endMs ?? Number.POSITIVE_INFINITY) >= quietMs
      ? [wish.ticketTypeId]
      : [],
  );
  const unsure = new Set([...returned, ...resized]);
  return new Map(
    stock
      .filter(({ ticketTypeId, available }) => available > 0 && !unsure.has(ticketTypeId))
      .map(({ ticketTypeId, available }) => [ticketTypeId, available]),
  );
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
