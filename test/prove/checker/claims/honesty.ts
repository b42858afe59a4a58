import type { Operation } from "../../history.ts";
import { type BuyerCase, type EventCase, keyIdOf, type ReservationCase } from "../cases.ts";
import type { Finding, Look } from "../finding.ts";
import { mayHaveBeenDone, unitsByType, unitsIn } from "../units.ts";

const CLAIM = "answers are honest";

/** The two clocks are compared once a round, and rounded, in milliseconds. */
const ROUNDING_MS = 50;

/**
 * Nobody is told that nothing is left while there must have been enough. Every unit that anybody
 * can have taken before the answer counts as taken for ever, so this never blames the innocent.
 */
export const soldOut: Look<EventCase> = {
  claim: CLAIM,
  findings: ({ event, operations }) => {
    const taking = takings(operations);
    const room = new Map(event.ticketTypes.map(({ id, capacity }) => [id, capacity]));
    const resizes = operations.filter(({ wish }) => wish.kind === "capacity");
    const taken = new Map<string, number>();
    let next = 0;
    return byEnd(operations, "SOLD_OUT").flatMap((refused) => {
      const endMs = endOf(refused);
      for (; endOf(taking[next]?.operation, "start") <= endMs; next += 1) {
        for (const [id, units] of taking[next]?.units ?? []) {
          taken.set(id, (taken.get(id) ?? 0) + units);
        }
      }
      const { wish, userId, number } = refused;
      const wanted = [...unitsByType(wish.kind === "reserve" ? wish.items : [])];
      const fits = wanted.every(([id, units]) => {
        const least = leastRoom(id, room.get(id) ?? 0, { resizes, endMs });
        return (taken.get(id) ?? 0) + units <= least;
      });
      const sums = wanted.map(([id, units]) => `${units} of ticket type ${id}`).join(" and ");
      return fits
        ? [
            {
              rule: `sold out ${number}`,
              what: `${userId} wanted ${sums} and was told SOLD_OUT, when all who may have had some left enough`,
              shows: [refused],
            },
          ]
        : [];
    });
  },
};

/** The smallest capacity that there can have been so far. */
function leastRoom(
  ticketTypeId: string,
  first: number,
  { resizes, endMs }: { resizes: readonly Operation[]; endMs: number },
): number {
  return resizes.reduce(
    (least, { wish, startMs, outcome }) =>
      wish.kind === "capacity" &&
      wish.ticketTypeId === ticketTypeId &&
      outcome !== "refused" &&
      startMs <= endMs
        ? Math.min(least, wish.capacity)
        : least,
    first,
  );
}

/** Nobody is told to have too much who cannot have that much. */
export const limitExceeded: Look<BuyerCase> = {
  claim: CLAIM,
  findings: ({ userId, event, operations }) => {
    const taking = takings(operations);
    return byEnd(operations, "LIMIT_EXCEEDED").flatMap((refused) => {
      const { wish, number } = refused;
      const before = taking.filter(({ operation }) => operation.startMs <= endOf(refused));
      const had = before.reduce((sum, { all }) => sum + all, 0);
      const wanted = wish.kind === "reserve" ? unitsIn(wish.items) : 0;
      return had + wanted <= event.maxPerUser
        ? [
            {
              rule: `limit ${number}`,
              what: `${userId} may have ${event.maxPerUser} units, had ${had} at most, wanted ${wanted} and was told LIMIT_EXCEEDED`,
              shows: [...before.map(({ operation }) => operation), refused],
            },
          ]
        : [];
    });
  },
};

/** Nobody is told that the time is over before it is, or that a move is not possible that is. */
export const moveRefused: Look<ReservationCase> = {
  claim: CLAIM,
  findings: ({ id, operations, reservation, moves, clock }) =>
    operations.flatMap((operation): Finding[] => {
      const { wish, told, number } = operation;
      const code = told?.code ?? "";
      const others = operations.filter((one) => one !== operation && mayHaveBeenDone(one));
      const finding = (what: string) => {
        const rule = `${code} ${number}`;
        return [{ rule, what: `${wish.kind} of reservation ${id}: ${what}`, shows: [operation] }];
      };
      const answerTime = clock.zeroTime + endOf(operation) + ROUNDING_MS;
      // While others move it, what is true when it is looked at is not when it is answered.
      const isAlone = !others.some(
        (one) => /^(confirm|cancel)$/.test(one.wish.kind) && one.startMs <= endOf(operation),
      );
      if (code === "HOLD_EXPIRED" && isAlone && (reservation?.firstExpireTime ?? 0) > answerTime) {
        return finding("it was told HOLD_EXPIRED before the end of the hold");
      }
      const extensions = others.filter(
        (one) => one.wish.kind === "extend" && one.startMs <= endOf(operation),
      );
      if (code === "EXTEND_LIMIT" && extensions.length === 0) {
        return finding("it was told EXTEND_LIMIT, and had never been extended");
      }
      const isHeldStill = moves.every(({ state }) => state === "HELD");
      if (code === "ILLEGAL_MOVE" && isAlone && isHeldStill && moves.length > 0) {
        return finding("it was told ILLEGAL_MOVE, and was HELD all the time");
      }
      return [];
    }),
};

interface Taking {
  operation: Operation;
  units: ReadonlyMap<string, number>;
  all: number;
}

/** Requests that may have taken units, each key's first, in the order in which they began. */
function takings(operations: readonly Operation[]): Taking[] {
  const firsts = new Map<string, Operation>();
  for (const operation of operations) {
    const keyId = operation.wish.kind === "reserve" ? keyIdOf(operation) : undefined;
    const known = firsts.get(keyId ?? "");
    const isFirst = known === undefined || operation.startMs < known.startMs;
    if (keyId !== undefined && mayHaveBeenDone(operation) && isFirst) {
      firsts.set(keyId, operation);
    }
  }
  return [...firsts.values()]
    .sort((one, other) => one.startMs - other.startMs)
    .map((operation) => {
      const items = operation.wish.kind === "reserve" ? operation.wish.items : [];
      return { operation, units: unitsByType(items), all: unitsIn(items) };
    });
}

function byEnd(operations: readonly Operation[], code: string): Operation[] {
  return operations
    .filter(({ wish, told }) => wish.kind === "reserve" && told?.code === code)
    .sort((one, other) => endOf(one) - endOf(other));
}

/** After everything else when there is none. */
function endOf(operation: Operation | undefined, which: "start" | "end" = "end"): number {
  const time = which === "start" ? operation?.startMs : operation?.endMs;
  return time ?? Number.POSITIVE_INFINITY;
}
