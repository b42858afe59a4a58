import type { Random } from "../random.ts";
import type { Opening } from "./opening.ts";

/**
 * What somebody does with what they reserved:
 *
 * - `again`: repeats the last request under its key, as it was;
 * - `rivals`: confirms and cancels at once;
 * - `lapse`: does nothing until the hold should have ended, or the last call comes;
 * - the others are wishes.
 */
export type Step = "confirm" | "cancel" | "extend" | "look" | "again" | "rivals" | "lapse";

/** Somebody wants units, and knows what to do with them. */
export interface Purchase {
  kind: "purchase";
  /** Errands are numbered as they come, from 1. */
  number: number;
  /** Which of the people. */
  person: number;
  /** Which of the openings. */
  opening: number;
  /** By the ticket types' positions; two lines may have the same. */
  lines: readonly { type: number; quantity: number }[];
  /** How often each request is sent at once, under one key. */
  clicks: 1 | 2;
  /** False when no answer is not asked for again, ever. */
  isPatient: boolean;
  /** Before each step, in milliseconds. */
  thinkMs: number;
  steps: readonly Step[];
}

/** Somebody stands in line first. */
export interface Visit {
  kind: "visit";
  joins: 1 | 2;
  /** After so many polls they leave; undefined when they stay. */
  leavesAfter: number | undefined;
  /** What they do with the pass: use it at once, or late, or twice, or not at all. */
  passUse: "soon" | "late" | "twice" | "never";
  purchase: Purchase;
}

/** The organiser changes how much there is. */
export interface Resize {
  kind: "resize";
  number: number;
  opening: number;
  type: number;
  capacity: number;
}

/** What one who arrives is up to. */
export type Errand = Purchase | Visit | Resize;

/** How often each plan is made, as compared with the others. */
const PLANS: readonly (readonly [weight: number, steps: readonly Step[]])[] = [
  [30, ["confirm"]],
  [6, ["confirm", "again"]],
  [5, ["look", "confirm", "look"]],
  [9, ["cancel"]],
  [3, ["cancel", "again", "look"]],
  [5, ["confirm", "cancel"]],
  [3, ["cancel", "confirm"]],
  [4, ["rivals", "look"]],
  [5, ["extend", "confirm"]],
  [3, ["extend", "again", "extend", "extend", "extend", "confirm"]],
  [2, ["extend", "cancel"]],
  [12, []],
  [5, ["lapse", "look"]],
  [6, ["lapse", "confirm", "again"]],
  [2, ["lapse", "extend", "cancel"]],
];

/** The organiser is one of so many who come. */
const RESIZE_SHARE = 0.01;

/**
 * What the one of this number is up to. It follows from the seed and the number alone, whatever
 * was chosen before, and whatever the system answers.
 */
export function chooseErrand(
  seeded: Random,
  number: number,
  { openings, people }: { openings: readonly Opening[]; people: number },
): Errand {
  const random = seeded.fork(`errand ${number}`);
  const resized = [...openings.keys()].filter((index) => openings[index]?.isResized === true);
  if (resized.length > 0 && random.chance(RESIZE_SHARE)) {
    return chooseResize(random, number, { openings, opening: random.pick(resized) });
  }
  const weighted = openings.map((one, index) => [one.weight, index] as const);
  const index = weighed(random, weighted);
  const opening = openings[index];
  if (opening === undefined) {
    throw new Error("there is nothing on sale");
  }
  const purchase: Purchase = {
    ...{ kind: "purchase", number, opening: index },
    // Some come far more often than others, up to what one may have.
    person: random.integer(0, random.chance(0.2) ? Math.ceil(people / 20) - 1 : people - 1),
    lines: chooseLines(random, opening),
    clicks: random.chance(0.15) ? 2 : 1,
    isPatient: random.chance(0.9),
    thinkMs: random.chance(0.3) ? random.integer(100, 900) : random.integer(0, 60),
    steps: weighed(random, PLANS),
  };
  return opening.waitingRoom === undefined ? purchase : chooseVisit(random, purchase);
}

function chooseLines(random: Random, { capacities, maxPerUser }: Opening): Purchase["lines"] {
  const types = random.shuffled([...capacities.keys()]);
  const line = (type = 0, quantity = 1) => ({ type, quantity });
  const [first, second] = types;
  return weighed(random, [
    [56, () => [line(first)]],
    [18, () => [line(first, random.integer(1, Math.min(maxPerUser, 4)))]],
    [16, () => (second === undefined ? [line(first)] : [line(first), line(second)])],
    [4, () => types.map((type) => line(type))],
    [3, () => [line(first), line(first)]],
    [3, () => [line(first, Math.min(100, maxPerUser + 1))]],
  ])();
}

function chooseVisit(random: Random, purchase: Purchase): Errand {
  if (random.chance(0.04)) {
    // Somebody tries it without standing in line.
    return purchase;
  }
  return {
    kind: "visit",
    joins: random.chance(0.2) ? 2 : 1,
    leavesAfter: random.chance(0.1) ? random.integer(0, 3) : undefined,
    passUse: weighed(random, [
      [80, "soon"],
      [5, "late"],
      [8, "twice"],
      [7, "never"],
    ] as const),
    purchase,
  };
}

function chooseResize(
  random: Random,
  number: number,
  { openings, opening }: { openings: readonly Opening[]; opening: number },
): Resize {
  const capacities = openings[opening]?.capacities ?? [];
  const type = random.integer(0, capacities.length - 1);
  const capacity = Math.ceil((capacities[type] ?? 0) * (0.7 + 0.6 * random.fraction()));
  return { kind: "resize", number, opening, type, capacity };
}

function weighed<T>(random: Random, choices: readonly (readonly [weight: number, T])[]): T {
  let left = random.fraction() * choices.reduce((sum, [weight]) => sum + weight, 0);
  const found = choices.find(([weight]) => {
    left -= weight;
    return left < 0;
  });
  if (found === undefined) {
    throw new Error("there is nothing to choose from");
  }
  return found[1];
}
