import { setTimeout } from "node:timers/promises";
import { SERVICES } from "@tessera/testkit/services";
import { Crowd } from "./buyers/crowd.ts";
import type { Person } from "./buyers/person.ts";
import { check } from "./checker/check.ts";
import { gather, marksOf } from "./checker/gather.ts";
import { settled } from "./checker/settled.ts";
import type { StreamReader } from "./checker/stream-reader.ts";
import type { Violation } from "./checker/violation.ts";
import type { Broken } from "./faults/fault.ts";
import { History } from "./history.ts";
import type { Random } from "./random.ts";
import { isReserved, type Recovery, recoveryOf } from "./recovery/figures.ts";
import { missedTargets } from "./recovery/targets.ts";
import { type Second, secondsOf } from "./report/seconds.ts";
import { AFTER_MS, type PlannedFault, type PlannedRound } from "./schedule.ts";
import type { Status } from "./status.ts";
import type { World } from "./world/world.ts";

/** What all rounds of a run share. */
export interface Lab {
  world: World;
  people: readonly Person[];
  stream: StreamReader;
  random: Random;
  arrivalsPerSecond: number;
  status: Status;
  /** When the run began, as `performance.now()` counts. */
  startTime: number;
}

/** A fault that came and went. */
export interface PlayedFault {
  planned: PlannedFault;
  /** What exactly was broken. */
  what: string;
  /** In seconds since the run began. */
  from: number;
  to: number;
  recovery: Recovery;
  /** What the recovery should have been and was not; said only of faults that came alone. */
  missed: readonly string[];
}

/** A round that is over. */
export interface PlayedRound {
  plan: PlannedRound;
  faults: readonly PlayedFault[];
  violations: readonly Violation[];
  /** What went wrong with the system beside what buyers and databases can tell. */
  troubles: readonly string[];
  /** Events of which there was no time to sell the rest: that units are left proves nothing. */
  unsold: readonly string[];
  /** How many requests there were. */
  requests: number;
  reserved: number;
  seconds: readonly Second[];
}

/** Errands under way at once, for each that comes in a second: holds take their time to lapse. */
const IN_FLIGHT_PER_ARRIVAL = 6;

/** A sale, from its opening to the verdict. Rejects when the laboratory itself fails. */
export async function playRound(lab: Lab, plan: PlannedRound): Promise<PlayedRound> {
  const { world, people, status, stream } = lab;
  const random = lab.random.fork(`round ${plan.number}`);
  const after = await marksOf(world.mysqlUrls);
  const history = new History();
  const crowd = await Crowd.begin({
    ...{ url: world.url, people, history, random: random.fork("crowd") },
    arrivalsPerSecond: lab.arrivalsPerSecond,
    maxInFlight: IN_FLIGHT_PER_ARRIVAL * lab.arrivalsPerSecond,
  });
  status.crowd = crowd;
  const { events } = crowd;
  const beginMs = history.now();
  const until = async (atMs: number) => {
    await setTimeout(Math.max(0, beginMs + atMs - history.now()));
  };
  const happenings = plan.faults.map((planned) => happen(planned, { lab, random, history, until }));
  const [happened] = await Promise.all([Promise.all(happenings), until(plan.arrivalsMs)]);
  // What took longer to heal than it was meant to is watched for as long afterwards.
  await until(Math.max(0, ...happened.map(({ healedMs }) => healedMs - beginMs + AFTER_MS)));
  const endMs = history.now();
  status.doing = "the last ones are served";
  await crowd.stop();
  const troubles = await deaths(world);
  status.doing = "holds lapse";
  const { mysqlUrls } = world;
  const unsettled = await settled({ mysqlUrls, events, stream, after });
  const quietMs = history.now();
  status.doing = "the rest is sold";
  const unsold = await crowd.sellOut();
  unsettled.push(...(await settled({ mysqlUrls, events, stream, after })));
  status.doing = "answers are checked";
  const moves = stream.entriesOf(events.map(({ id }) => id));
  const evidence = await gather({ mysqlUrls, events, stream: moves, quietMs, after });
  const { operations } = history;
  const violations = check(history, evidence);
  Object.assign(status, { doing: "", crowd: undefined });
  status.checked += operations.length;
  status.violations += violations.length;
  const originSecond = (history.originMs - lab.startTime) / 1000;
  return {
    ...{
      plan,
      violations,
      unsold,
      troubles: [...troubles, ...unsettled],
      requests: operations.length,
    },
    reserved: operations.filter(isReserved).length,
    seconds: secondsOf(operations, originSecond),
    faults: happened.map(({ planned, what, brokenMs, healedMs }) => {
      const { mayCut, name } = planned.fault;
      const recovery = recoveryOf(operations, { beginMs, brokenMs, healedMs, endMs, mayCut });
      const from = originSecond + brokenMs / 1000;
      const to = originSecond + healedMs / 1000;
      const missed = plan.kind === "alone" ? missedTargets(name, recovery) : [];
      return { planned, what, from, to, recovery, missed };
    }),
  };
}

interface Happening {
  planned: PlannedFault;
  what: string;
  brokenMs: number;
  healedMs: number;
}

/** Breaks something at its time, and heals it at its time. */
async function happen(
  planned: PlannedFault,
  {
    lab: { world, status },
    random,
    history,
    until,
  }: { lab: Lab; random: Random; history: History; until: (atMs: number) => Promise<void> },
): Promise<Happening> {
  const { fault, atMs, forMs } = planned;
  await until(atMs);
  const brokenMs = history.now();
  status.broken.add(fault.title);
  let broken: Broken | undefined;
  try {
    broken = await fault.begin(world, random.fork(fault.name));
    status.broken.delete(fault.title);
    status.broken.add(broken.what);
    await until(atMs + forMs);
  } finally {
    await broken?.heal();
    status.broken.delete(fault.title);
    status.broken.delete(broken?.what ?? "");
  }
  return { planned, what: broken.what, brokenMs, healedMs: history.now() };
}

/** Who has ended, although nothing killed it for good; they are started again. */
async function deaths(world: World): Promise<string[]> {
  const dead = SERVICES.flatMap((service) => world.replicas(service)).filter(
    ({ process }) => !process.isRunning,
  );
  const told = dead.map(
    ({ name, process }) => `${name} has died: ${process.lastWords() ?? "without a word"}`,
  );
  await Promise.all(dead.map(({ process }) => process.start()));
  return told;
}
