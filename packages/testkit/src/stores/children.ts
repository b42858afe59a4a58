import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { until } from "../until.ts";
import { isPaused, startOfProcess } from "./process-identity.ts";

/** A process as a file remembers it: the start tells it from another that got its number. */
interface ProcessRecord {
  pid: number;
  start: string;
  /** Lower goes first when all are stopped. */
  order: number;
}

/** How a child is run. */
export interface ChildOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  stdio: SpawnOptions["stdio"];
  /** Lower is stopped first, before anything higher: what others depend on goes last. */
  order: number;
  /** How long it may take to stop, in milliseconds, asked when it is to; defaults to 20 seconds. */
  graceMs?: () => number;
}

interface RunningChild {
  child: ChildProcess;
  order: number;
  graceMs: () => number;
}

/** How long a child may take to stop before it is killed, in milliseconds. */
export const STOP_GRACE_MS = 20_000;
/** How long a signalled child may take to pause, in milliseconds. */
const PAUSE_DEADLINE_MS = 5_000;

/**
 * Child processes, each with a record in `folder` for as long as it runs.
 *
 * Children are in process groups of their own, so that Ctrl-C in a terminal reaches the parent
 * alone, which then stops them in order. What a killed parent leaves behind is found by its
 * records: see {@link stopRecorded}.
 */
export class Children {
  readonly #folder: string;
  readonly #running = new Map<string, RunningChild>();
  #isStopping = false;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
  }

  /** True once everything is being stopped: nothing can be started any more. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Starts a child under a name that no running child has. */
  spawn(name: string, command: readonly string[], options: ChildOptions): ChildProcess {
    const [program, ...rest] = command;
    if (this.#isStopping || program === undefined || this.#running.has(name)) {
      throw new Error(`cannot start ${name} now`);
    }
    const { order, graceMs = () => STOP_GRACE_MS, ...spawnOptions } = options;
    const child = spawn(program, rest, { ...spawnOptions, detached: true });
    const file = join(this.#folder, `${name}.json`);
    const { pid } = child;
    if (pid !== undefined) {
      const record: ProcessRecord = { pid, start: startOfProcess(pid) ?? "", order };
      writeFileSync(file, JSON.stringify(record));
      this.#running.set(name, { child, order, graceMs });
      child.once("exit", () => {
        this.#running.delete(name);
        rmSync(file, { force: true });
      });
    }
    return child;
  }

  /** Runs a child to its end; rejects, naming it, unless it ends with 0. */
  async run(name: string, command: readonly string[], options: ChildOptions): Promise<void> {
    const child = this.spawn(name, command, options);
    const [code, signal] = await once(child, "exit");
    if (code !== 0) {
      throw new Error(`${name} ended with ${signal ?? code}`);
    }
  }

  /** Stops everything, lowest order first; `isForced` kills at once. */
  async stopAll({ isForced = false } = {}): Promise<void> {
    this.#isStopping = true;
    for (const group of inOrder([...this.#running.values()])) {
      await Promise.all(
        group.map(({ child, graceMs }) => stopChild(child, { isForced, graceMs: graceMs() })),
      );
    }
  }
}

/** Asks a child to stop, and kills it when it takes too long. Resolves when it has ended. */
export async function stopChild(
  child: ChildProcess,
  { graceMs = STOP_GRACE_MS, isForced = false } = {},
): Promise<void> {
  if (!isRunning(child)) {
    return;
  }
  const exited = once(child, "exit");
  child.kill(isForced ? "SIGKILL" : "SIGTERM");
  // One that was paused by SIGSTOP must go on to hear it.
  child.kill("SIGCONT");
  const giveUp = new AbortController();
  setTimeout(graceMs, undefined, { signal: giveUp.signal, ref: false }).then(
    () => child.kill("SIGKILL"),
    () => undefined,
  );
  await exited;
  giveUp.abort();
}

/** True from the child's start until it has ended, however it ended. */
export function isRunning(child: ChildProcess | undefined): boolean {
  return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Pauses a child; resolves when no thread of it runs any more. SIGCONT lets it go on. */
export async function pauseChild(child: ChildProcess): Promise<void> {
  child.kill("SIGSTOP");
  await until(
    `process ${child.pid} pauses`,
    () => child.pid === undefined || !isRunning(child) || isPaused(child.pid),
    { patienceMs: PAUSE_DEADLINE_MS, everyMs: 1 },
  );
}

/** Stops what the records in `folder` name and is still running; returns the names. */
export async function stopRecorded(folder: string): Promise<string[]> {
  const left = recordsIn(folder);
  for (const group of inOrder(left)) {
    await Promise.all(group.map(stopProcess));
  }
  for (const { name } of left) {
    rmSync(join(folder, `${name}.json`), { force: true });
  }
  return left.filter(({ isAlive }) => isAlive).map(({ name }) => name);
}

/**
 * Stops what a whole data folder's records name: in its `run` folder, and in those of the tests'
 * own folders below `work`. Returns the names.
 */
export async function stopRecordedBelow(dataFolder: string): Promise<string[]> {
  const work = join(dataFolder, "work");
  const folders = existsSync(work) ? readdirSync(work).map((name) => join(work, name)) : [];
  const stopped: string[] = [];
  for (const folder of [...folders, dataFolder].map((path) => join(path, "run"))) {
    stopped.push(...(existsSync(folder) ? await stopRecorded(folder) : []));
  }
  return stopped;
}

function recordsIn(folder: string): (ProcessRecord & { name: string; isAlive: boolean })[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => {
      const record = parseRecord(readFileSync(join(folder, file), "utf8"));
      const isAlive = startOfProcess(record.pid) === record.start;
      return { ...record, isAlive, name: file.slice(0, -".json".length) };
    });
}

/** A record that was cut off while it was written names nobody. */
function parseRecord(text: string): ProcessRecord {
  try {
    return JSON.parse(text) as ProcessRecord;
  } catch {
    return { pid: 0, start: "none", order: 0 };
  }
}

async function stopProcess({ pid, start }: ProcessRecord): Promise<void> {
  const killTime = Date.now() + STOP_GRACE_MS;
  let signal: NodeJS.Signals = "SIGTERM";
  while (startOfProcess(pid) === start) {
    signal = Date.now() > killTime ? "SIGKILL" : signal;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    await setTimeout(100);
  }
}

function inOrder<T extends { order: number }>(items: readonly T[]): T[][] {
  const groups = Map.groupBy(items, ({ order }) => order);
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
}
