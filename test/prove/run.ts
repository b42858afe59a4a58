import { join } from "node:path";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { LiveLine } from "../../tools/demo/live-line.ts";
import type { Progress } from "../../tools/local/progress.ts";
import type { Session } from "../../tools/local/session.ts";
import { signUpPeople } from "./buyers/person.ts";
import { printed } from "./checker/printed.ts";
import { StreamReader } from "./checker/stream-reader.ts";
import { CONTROLS } from "./controls/all.ts";
import type { Control } from "./controls/control.ts";
import { type ControlResult, ControlRuns } from "./controls/control-runs.ts";
import { FAULTS, faultNamed } from "./faults/all.ts";
import type { Fault } from "./faults/fault.ts";
import type { Options } from "./options.ts";
import { Random } from "./random.ts";
import { type Footprint, FootprintSampler, footprintOf } from "./recovery/footprint.ts";
import { leftBehind } from "./recovery/left-behind.ts";
import { type Lab, type PlayedRound, playRound } from "./round.ts";
import { drawRounds } from "./schedule.ts";
import { Status } from "./status.ts";
import { openWorld } from "./world/open-world.ts";
import type { World } from "./world/world.ts";

/** Of each kind, in a round; more than these say nothing new on a console. */
const TOLD_AT_ONCE = 10;
/** How many people have accounts: enough for many to be strangers to each other's limits. */
const PEOPLE = 200;

/** What came of the rounds. */
export interface Played {
  rounds: readonly PlayedRound[];
  /** Faults that this machine cannot make, and why. */
  refused: readonly { fault: Fault; why: string }[];
  footprints: readonly Footprint[];
}

/** What is asked for, by name. Throws an OperatorError that lists what there is. */
export function chosen({ only }: Pick<Options, "only">): {
  faults: readonly Fault[];
  controls: readonly Control[];
} {
  if (only.length === 0) {
    return { faults: FAULTS, controls: CONTROLS };
  }
  const unknown = only.filter((name) => !faultNamed(name) && !controlNamed(name));
  if (unknown.length > 0) {
    throw new OperatorError(
      `There is no ${unknown.join(", ")}; "--list" names all that there are.`,
    );
  }
  return {
    faults: only.flatMap((name) => faultNamed(name) ?? []),
    controls: only.flatMap((name) => controlNamed(name) ?? []),
  };
}

function controlNamed(name: string): Control | undefined {
  return CONTROLS.find((control) => control.name === name);
}

/** Breaks things while a crowd buys, round after round. */
export async function playRounds(
  options: Options,
  faults: readonly Fault[],
  { session, progress }: { session: Session; progress: Progress },
): Promise<Played> {
  const random = new Random(options.seed);
  const folder = join(session.folder, "world");
  const { children } = session;
  const { lockNodes } = options;
  const world = await progress.during(
    "Starting two of each service, MySQL and Redis",
    openWorld({ folder, children, lockNodes }),
  );
  session.onStop(() => world.close());
  const people = await progress.during("Signing people up", signUpPeople(world.url, PEOPLE));
  const stream = new StreamReader({ url: world.redis.url });
  const status = new Status();
  const startTime = performance.now();
  const lab: Lab = {
    ...{ world, people, stream, random, status, startTime },
    arrivalsPerSecond: options.rate,
  };
  const { possible, refused } = possibleIn(world, faults);
  const plans = drawRounds({
    ...{ random: random.fork("schedule"), faults: possible, forMs: options.minutes * 60_000 },
    isAloneOnly: options.only.length > 0,
  });
  const sampler = new FootprintSampler(world);
  const rounds: PlayedRound[] = [];
  let usual: Footprint | undefined;
  for (const plan of plans) {
    status.at = `round ${plan.number} of ${plans.length}`;
    const names = plan.faults.map(({ fault }) => fault.name).join(", ");
    progress.say(`Round ${plan.number} of ${plans.length}: ${names || "nothing is broken"}.`);
    const live = new LiveLine(() => status.line());
    const played = await playRound(lab, plan).finally(() => live.stop());
    // After the first round pools are filled, and nothing has been broken yet.
    const now = await footprintOf(world);
    usual ??= now;
    const round = { ...played, troubles: [...played.troubles, ...leftBehind(usual, now)] };
    rounds.push(round);
    tellOf(round, progress);
  }
  await sampler.stop();
  await stream.stop();
  await world.close();
  return { rounds, refused, footprints: sampler.samples };
}

/** What is wrong, at once; the report has it again. */
function tellOf({ violations, troubles, faults, unsold }: PlayedRound, { say }: Progress): void {
  for (const violation of violations.slice(0, TOLD_AT_ONCE)) {
    say(`VIOLATION ${printed(violation)}`);
  }
  for (const trouble of troubles.slice(0, TOLD_AT_ONCE)) {
    say(`TROUBLE ${trouble}`);
  }
  for (const id of unsold) {
    say(`UNPROVEN there was no time to sell the rest of event ${id}`);
  }
  for (const { planned, missed } of faults) {
    for (const text of missed) {
      say(`MISSED ${planned.fault.name}: ${text}`);
    }
  }
}

function possibleIn(
  world: World,
  faults: readonly Fault[],
): { possible: readonly Fault[]; refused: Played["refused"] } {
  const refused = faults.flatMap((fault) => {
    const why = fault.needs?.(world);
    return why === undefined ? [] : [{ fault, why }];
  });
  const possible = faults.filter((fault) => !refused.some((one) => one.fault === fault));
  return { possible, refused };
}

/** Takes the product's safeguards away, one after the other. */
export async function playControls(
  controls: readonly Control[],
  { session, progress }: { session: Session; progress: Progress },
): Promise<readonly ControlResult[]> {
  if (controls.length === 0) {
    return [];
  }
  const folder = join(session.folder, "controls");
  const runs = await progress.during(
    "Starting a system whose safeguards can be taken away",
    ControlRuns.open({ folder, children: session.children }),
  );
  session.onStop(() => runs.close());
  const rehearsal = await progress.during(
    "Playing the scenes of the controls with the product as it is",
    runs.rehearse(controls),
  );
  const found = [...rehearsal.violations.map(printed), ...rehearsal.unsettled];
  if (found.length > 0) {
    throw new Error(`nothing was taken away, and yet there is:\n${found.join("\n")}`);
  }
  const results: ControlResult[] = [];
  for (const control of controls) {
    const result = await progress.during(control.title, runs.run(control));
    const caught = result.caught.find(({ claim }) => control.expects.includes(claim));
    progress.say(result.isCaught ? `Caught: ${caught?.what}` : `NOT CAUGHT: ${control.title}`);
    results.push(result);
  }
  await runs.close();
  return results;
}
