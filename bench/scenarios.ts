import type { LoadUser } from "../tools/load-users.ts";
import { MemoryWatch } from "../tools/local/memory-watch.ts";
import type { LocalSystem } from "../tools/local/system.ts";
import { readScenarios } from "./cache.ts";
import { type LoadResult, run } from "./load.ts";
import type { Rivals, Target } from "./targets.ts";
import { confirming, createEvents, type Made, reserving, type SaleEvent } from "./tessera.ts";
import { joining, polling } from "./waiting-room.ts";

/** What scenarios are run against. */
export interface Bench {
  system: LocalSystem;
  rivals: Rivals;
  users: readonly LoadUser[];
  /** Events to read, with `--cache`. */
  readIds: readonly string[];
  /** How long each load lasts. */
  seconds: number;
  /** What all other sizes are multiplied by: 1, or less where it is only tried. */
  scale: number;
  say: (text: string) => void;
}

/** One scenario's result. */
export interface ScenarioResult {
  scenario: string;
  connections: number;
  result: LoadResult;
}

/** More than any load takes. */
const PLENTY = 10_000_000;

/**
 * V8 gives to its best compiler what was called 3,000 times (`--invocation-count-for-turbofan`).
 * Much of Tessera is called once a batch: as often as requests come one by one, seldom in a crowd.
 */
const CALLS_TO_WARM_UP = 4_000;

/**
 * Lets every program compile what is hot, as it has in nearly all of its life, and the BFF see each
 * token once, before anything is measured.
 */
export async function warmUp(bench: Bench): Promise<void> {
  const events = await createEvents(bench.system, 1, { capacity: PLENTY });
  const { echo, sql, redlock } = bench.rivals;
  for (const target of [echo, sql, redlock, reservingOn(bench, events)]) {
    await run({ ...target, connections: 1, requests: CALLS_TO_WARM_UP * bench.scale });
    await run({ ...target, connections: 64, seconds: 4 * bench.scale });
  }
}

/** Runs every scenario whose name has one of the words, once, one after the other. */
export async function runRound(bench: Bench, only: readonly string[]): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const { name, connections, prepare } of scenarios(bench)) {
    if (only.length > 0 && !only.some((word) => name.includes(word))) {
      continue;
    }
    const { target, requests, onAnswer } = await prepare();
    const result = await run({
      ...target,
      connections,
      seconds: bench.seconds,
      ...(requests === undefined ? {} : { requests }),
      ...(onAnswer === undefined ? {} : { onAnswer }),
    });
    results.push({ scenario: name, connections, result });
    bench.say(
      `  ${name}, ${connections} connections: ${Math.round(result.perSecond)} a second, ` +
        `p50 ${result.p50.toFixed(1)} ms, p99 ${result.p99.toFixed(1)} ms`,
    );
  }
  return results;
}

interface Prepared {
  target: Target;
  requests?: number;
  onAnswer?: (index: number, status: number, body: Buffer) => void;
}

interface Scenario {
  name: string;
  connections: number;
  prepare: () => Promise<Prepared>;
}

function scenarios(bench: Bench): Scenario[] {
  const { rivals } = bench;
  const at = (name: string, counts: readonly number[], prepare: Scenario["prepare"]): Scenario[] =>
    counts.map((connections) => ({ name, connections, prepare }));
  const rival = (target: Target) => async () => ({ target });
  const onSale = (events: number) => async () => ({
    target: reservingOn(bench, await createEvents(bench.system, events, { capacity: PLENTY })),
  });
  return [
    // Side by side: what is compared shall meet the same minute of the machine.
    ...[1, 16, 64, 256].flatMap((connections) => [
      ...at("a echo", [connections], rival(rivals.echo)),
      ...at("b sql", [connections], rival(rivals.sql)),
      ...at("c redlock", [connections], rival(rivals.redlock)),
      ...at("d one hot event", [connections], onSale(1)),
    ]),
    ...at("d one hot event", [1024], onSale(1)),
    ...at("d 64 events", [16, 64, 256], onSale(64)),
    ...at("d sold out", [256], () => soldOut(bench)),
    ...confirmScenarios(bench),
    ...at("d join a waiting room", [256], () => joining(bench.system, bench.users)),
    ...at("d poll a waiting room", [256], () => polling(bench.system, bench.users)),
    ...(bench.readIds.length === 0 ? [] : readScenarios(bench)).flatMap(
      ({ name, connections, target }) => at(name, connections, rival(target)),
    ),
  ];
}

function reservingOn({ system, users }: Bench, events: readonly SaleEvent[]) {
  return reserving(system, users, events);
}

/** Everybody asks for what the first hundred took. */
async function soldOut(bench: Bench): Promise<Prepared> {
  const events = await createEvents(bench.system, 1, { capacity: 100 });
  const target = reservingOn(bench, events);
  await run({ ...target, connections: 16, requests: 200 });
  return { target: reservingOn(bench, events) };
}

/** Reserves, then confirms all of it: the two rates of the same run. */
function confirmScenarios(bench: Bench): Scenario[] {
  let made: Made[] = [];
  return [
    {
      name: "d reserve, to confirm",
      connections: 256,
      prepare: async () => {
        made = [];
        const events = await createEvents(bench.system, 1, { capacity: PLENTY });
        const target = reservingOn(bench, events);
        const onAnswer = (index: number, status: number, body: Buffer) => {
          if (status === 201) {
            const reservationId: string = JSON.parse(body.toString()).id;
            made.push({ reservationId, user: target.userOf(index) });
          }
        };
        return { target, onAnswer };
      },
    },
    {
      name: "d confirm",
      connections: 256,
      prepare: async () => ({ target: confirming(bench.system, made), requests: made.length }),
    },
  ];
}

/** Minutes of steady load; memory after each. */
export async function soak(bench: Bench, minutes: number) {
  const perMinute: { perSecond: number; p99: number; resident: unknown }[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    const target = reservingOn(bench, await createEvents(bench.system, 1, { capacity: PLENTY }));
    const memory = new MemoryWatch(bench.system.ports);
    memory.start();
    const { perSecond, p99 } = await run({ ...target, connections: 256, seconds: 60 });
    const resident = Object.fromEntries(
      Object.entries(memory.stop()).map(([service, { end }]) => [service, end]),
    );
    const megabytes = Object.entries(resident).map(([service, end]) => `${service} ${end}`);
    bench.say(
      `  minute ${minute + 1}: ${Math.round(perSecond)} a second; MiB: ${megabytes.join(", ")}`,
    );
    perMinute.push({ perSecond: Math.round(perSecond), p99, resident });
  }
  return perMinute;
}
