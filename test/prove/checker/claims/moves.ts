import { keyIdOf, type ReservationCase } from "../cases.ts";
import type { Move } from "../evidence.ts";
import type { Finding, Look } from "../finding.ts";
import { mayHaveBeenDone } from "../units.ts";
import { stepsBack } from "./steps-back.ts";

/** From each state, the ones that may come next. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  "": ["HELD"],
  // Extended, paid for, given back, over.
  HELD: ["HELD", "CONFIRMING", "CANCELLED", "EXPIRED"],
  CONFIRMING: ["CONFIRMED", "EXPIRED"],
  // Paid for too late.
  EXPIRED: ["CONFIRMING"],
  CONFIRMED: ["CANCELLED"],
  CANCELLED: [],
};

/** A hold is extended so often at most, and ends so long after it was made at the latest. */
const EXTENDS_MAX = 3;
const HOLD_MAX_MS = 2 * 3_600_000;

/** Every move follows the rules, somebody wanted it, and whoever was told of it was told the truth. */
export const legalMoves: Look<ReservationCase> = {
  claim: "no state is moved against the rules",
  findings: (subject) => [
    ...alongTheTable(subject),
    ...wanted(subject),
    ...asTold(subject),
    ...atTheEnd(subject),
    ...stepsBack(subject),
  ],
};

function alongTheTable({ id, moves, reservation }: ReservationCase): Finding[] {
  const findings: Finding[] = [];
  const add = (rule: string, what: string) =>
    findings.push({ rule, what: `reservation ${id} ${what}` });
  let last: Move | undefined;
  for (const move of moves) {
    const from = last?.state ?? "";
    const name = `at move ${move.seq}`;
    if (NEXT[from]?.includes(move.state) !== true) {
      add(`${from} ${move.state}`, `went from ${from || "nothing"} to ${move.state} ${name}`);
    }
    if (last !== undefined && from === "HELD" && move.state === "HELD") {
      if (move.expireTime <= last.expireTime || move.time >= last.expireTime) {
        add("forward", `was extended after its end, or backwards, ${name}`);
      }
    } else if (last !== undefined && move.expireTime !== last.expireTime) {
      add("moved end", `got another end without being extended, ${name}`);
    }
    if (move.state === "EXPIRED" && move.time < move.expireTime) {
      add("early", `expired ${move.expireTime - move.time} ms before its end, ${name}`);
    }
    last = move;
  }
  const extended = extensionsIn(moves);
  if (extended > EXTENDS_MAX) {
    add("often", `was extended ${extended} times`);
  }
  if (reservation !== undefined && reservation.expireTime > reservation.createTime + HOLD_MAX_MS) {
    add("cap", "is held for longer than two hours");
  }
  return findings;
}

function extensionsIn(moves: readonly Move[]): number {
  return Math.max(0, moves.filter(({ state }) => state === "HELD").length - 1);
}

/** Nothing is confirmed, cancelled or extended that nobody asked for, or that was refused. */
function wanted({ id, moves, operations, keyIds }: ReservationCase): Finding[] {
  const findings: Finding[] = [];
  const asked = operations.filter(mayHaveBeenDone);
  const requests = (kind: string) =>
    new Set(asked.filter(({ wish }) => wish.kind === kind).map(keyIdOf));
  for (const [kind, state] of [
    ["confirm", "CONFIRMED"],
    ["cancel", "CANCELLED"],
  ] as const) {
    if (moves.some((move) => move.state === state) && requests(kind).size === 0) {
      const what = `reservation ${id} became ${state}, and nobody's request can have done it`;
      findings.push({ rule: `unwanted ${state}`, what, shows: operations });
    }
  }
  const extending = requests("extend");
  const effective = keyIds.filter((keyId) => extending.has(keyId)).length;
  if (extensionsIn(moves) !== effective) {
    const what = `reservation ${id} was extended ${extensionsIn(moves)} times, by ${effective} requests`;
    findings.push({ rule: "unwanted extension", what, shows: operations });
  }
  return findings;
}

/** What was done for good was done. */
function asTold({ id, moves, operations }: ReservationCase): Finding[] {
  return operations.flatMap((operation): Finding[] => {
    const { wish, outcome, told, number } = operation;
    if (outcome !== "ok" || (wish.kind !== "confirm" && wish.kind !== "cancel")) {
      return [];
    }
    const state = wish.kind === "confirm" ? "CONFIRMED" : "CANCELLED";
    const said = told?.reservation?.state;
    const isDone = moves.some((move) => move.state === state);
    if (said === state && isDone) {
      return [];
    }
    const what = `reservation ${id} was told to be ${said} after ${wish.kind}; ${isDone ? "it became" : "it never became"} ${state}`;
    return [{ rule: `told ${number}`, what, shows: [operation] }];
  });
}

function atTheEnd({ id, moves, reservation }: ReservationCase): Finding[] {
  const last = moves.at(-1);
  if (reservation === undefined) {
    return [];
  }
  const { state, expireTime, extendCount } = reservation;
  if (state === "CONFIRMING") {
    return [{ rule: "unfinished", what: `reservation ${id} is being confirmed still` }];
  }
  const isSame = last?.state === state && last.expireTime === expireTime;
  return isSame && extensionsIn(moves) === extendCount
    ? []
    : [
        {
          rule: "other end",
          what: `reservation ${id} is ${state}, extended ${extendCount} times; its moves led to ${last?.state}, ${extensionsIn(moves)} times`,
        },
      ];
}
