import type { Fault } from "./faults/fault.ts";
import type { Random } from "./random.ts";

/** A fault, and when it comes, in milliseconds since people began to arrive. */
export interface PlannedFault {
  fault: Fault;
  atMs: number;
  forMs: number;
}

/** A sale from its opening to the verdict, and what breaks meanwhile. */
export interface PlannedRound {
  /** From 1. */
  number: number;
  kind: "steady" | "alone" | "together";
  /** For how long people arrive, in milliseconds. */
  arrivalsMs: number;
  /** By the time at which they come. */
  faults: readonly PlannedFault[];
}

/** What a run is to be. */
export interface Wanted {
  random: Random;
  /** Those that may be chosen. */
  faults: readonly Fault[];
  /** For all rounds, in milliseconds; a round that has begun is finished. */
  forMs: number;
  /** True to choose no combinations. */
  isAloneOnly?: boolean;
}

/** People buy for so long before the first fault of a round, to know what is usual … */
const BEFORE_MS = 5_000;
/** … and after the last one, to see that it is as usual again. */
export const AFTER_MS = 7_000;
/** Holds lapse, the rest is sold, and the databases are read. */
const VERDICT_MS = 18_000;
/** A round in which faults come together. */
const TOGETHER_MS = 40_000;
/** This share of a long run is for combinations. */
const TOGETHER_SHARE = 0.4;

/**
 * Draws the rounds of a run: one without any fault, then each fault by itself, as many as there
 * is time for and one at least, then combinations until the time is over. The same seed draws the
 * same.
 */
export function drawRounds({ random, faults, forMs, isAloneOnly = false }: Wanted): PlannedRound[] {
  const rounds: Omit<PlannedRound, "number">[] = [
    { kind: "steady", arrivalsMs: BEFORE_MS + AFTER_MS, faults: [] },
  ];
  let leftMs = forMs - lengthOf(rounds[0]);
  const togetherMs = TOGETHER_MS + VERDICT_MS;
  const isTogether = !isAloneOnly && faults.length > 1 && leftMs * TOGETHER_SHARE >= togetherMs;
  const aloneMs = isTogether ? leftMs * (1 - TOGETHER_SHARE) : leftMs;
  let usedMs = 0;
  for (const fault of random.fork("order").shuffled(faults)) {
    const round = aloneRound(fault, random.fork(fault.name));
    // A run in which nothing breaks proves nothing, however short it was wanted.
    if (usedMs === 0 || usedMs + lengthOf(round) <= aloneMs) {
      usedMs += lengthOf(round);
      rounds.push(round);
    }
  }
  leftMs -= usedMs;
  const chance = random.fork("together");
  while (isTogether && leftMs >= togetherMs) {
    const round = togetherRound(faults, chance);
    leftMs -= lengthOf(round);
    rounds.push(round);
  }
  return rounds.map((round, index) => ({ ...round, number: index + 1 }));
}

function lengthOf(round: Pick<PlannedRound, "arrivalsMs"> | undefined): number {
  return (round?.arrivalsMs ?? 0) + VERDICT_MS;
}

function aloneRound(fault: Fault, random: Random): Omit<PlannedRound, "number"> {
  const forMs = random.integer(...fault.lastsMs);
  return {
    kind: "alone",
    arrivalsMs: BEFORE_MS + forMs + AFTER_MS,
    faults: [{ fault, atMs: BEFORE_MS, forMs }],
  };
}

/** Several faults, of which two at most are there at the same time, and never of one part. */
function togetherRound(faults: readonly Fault[], random: Random): Omit<PlannedRound, "number"> {
  const drawn: PlannedFault[] = [];
  for (const fault of random.shuffled(faults)) {
    const forMs = random.integer(...fault.lastsMs);
    const lastMs = TOGETHER_MS - AFTER_MS - forMs;
    if (lastMs < BEFORE_MS) {
      continue;
    }
    const planned = { fault, atMs: random.integer(BEFORE_MS, lastMs), forMs };
    const others = drawn.filter((other) => overlap(other, planned));
    if (others.length < 2 && others.every((other) => other.fault.part !== fault.part)) {
      drawn.push(planned);
    }
    if (drawn.length === 6) {
      break;
    }
  }
  return {
    kind: "together",
    arrivalsMs: TOGETHER_MS,
    faults: drawn.toSorted((one, other) => one.atMs - other.atMs),
  };
}

/** A margin, because what is healed needs its time. */
const MARGIN_MS = 3_000;

function overlap(one: PlannedFault, other: PlannedFault): boolean {
  return (
    one.atMs < other.atMs + other.forMs + MARGIN_MS && other.atMs < one.atMs + one.forMs + MARGIN_MS
  );
}
