import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Children, stopRecordedBelow } from "@tessera/testkit/stores/children";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { startOfProcess } from "@tessera/testkit/stores/process-identity";
import { failureText } from "./failure-text.ts";
import type { Progress } from "./progress.ts";

/** What a program has while it owns a data folder. */
export interface Session {
  folder: string;
  children: Children;
  /** Registers what to do after all children have stopped. */
  onStop: (stop: () => Promise<void>) => void;
}

/** Which data folder, and how the end is told. */
export interface SessionOptions {
  folder: string;
  progress: Progress;
  /** The exit code after Ctrl-C: 0 where that is how one stops the program. */
  codeOnSignal: number;
}

/** Signals this near to the first are its echoes: terminal, npm and wrapper deliver one each. */
const ECHO_MS = 1_000;

/**
 * Runs `body` as the only owner of a data folder, and resolves to an exit code.
 *
 * Whatever happens, all children are stopped: by this function when the body ends or a signal
 * comes, by the guard when this process is killed, by the next session when both are.
 */
export async function inSession(
  options: SessionOptions,
  body: (session: Session) => Promise<number>,
): Promise<number> {
  const { folder } = options;
  const { say } = options.progress;
  mkdirSync(folder, { recursive: true });
  const release = claim(folder);
  const left = await stopRecordedBelow(folder);
  if (left.length > 0) {
    say(`Stopped what an earlier run had left: ${left.join(", ")}.`);
  }
  const guard = startGuard(folder);
  const children = new Children(join(folder, "run"));
  const stops: (() => Promise<void>)[] = [];
  let isSignalled = false;
  const signalled = untilSignal(options, children).then((code) => {
    isSignalled = true;
    return code;
  });
  try {
    const session = { folder, children, onStop: (stop: () => Promise<void>) => stops.push(stop) };
    return await Promise.race([body(session), signalled]);
  } finally {
    await children.stopAll();
    await stopRecordedBelow(folder);
    for (const stop of stops) {
      await stop();
    }
    guard.stdin?.end();
    await Promise.race([once(guard, "exit"), setTimeout(5_000, undefined, { ref: false })]);
    release();
    if (isSignalled) {
      say("Stopped.");
    }
  }
}

/** Runs a program: its result is the exit code, an operator's mistake is one message. */
export async function runProgram(program: () => Promise<number>): Promise<never> {
  try {
    process.exit(await program());
  } catch (reason) {
    process.stderr.write(`\n${failureText(reason)}\n`);
    process.exit(1);
  }
}

/** Takes the folder for this process; returns how to give it back. */
function claim(folder: string): () => void {
  const file = join(folder, "owner.json");
  const owner = readOwner(file);
  if (owner !== undefined && startOfProcess(owner.pid) === owner.start) {
    throw new OperatorError(
      `Another run (process ${owner.pid}) is using ${folder}. Stop it first, with Ctrl-C there.`,
    );
  }
  if (existsSync(file)) {
    // rmSync() does not say which failure it was.
    unlinkSync(file);
  }
  const own = { pid: process.pid, start: startOfProcess(process.pid) ?? "" };
  // Of two that come at once, one fails here.
  writeFileSync(file, JSON.stringify(own), { flag: "wx" });
  return () => rmSync(file, { force: true });
}

function readOwner(file: string): { pid: number; start: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

function startGuard(folder: string): ChildProcess {
  const program = join(import.meta.dirname, "guard.ts");
  return spawn(process.execPath, [program, folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
}

/** Resolves to the exit code when a signal asks for the end; a second one forces it. */
function untilSignal(
  { progress, codeOnSignal }: SessionOptions,
  children: Children,
): Promise<number> {
  return new Promise((resolve) => {
    let firstTime: number | undefined;
    const onSignal = () => {
      if (firstTime === undefined) {
        firstTime = performance.now();
        progress.stopping();
        resolve(codeOnSignal);
      } else if (performance.now() - firstTime > ECHO_MS) {
        progress.say("Forced.");
        void children.stopAll({ isForced: true });
      }
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, onSignal);
    }
    onOrphaned(onSignal);
  });
}

/** Tells once when the process that ran this program, and named itself, was killed. */
function onOrphaned(tell: () => void): void {
  const parent = process.env.TESSERA_PARENT;
  if (parent !== undefined) {
    const timer = setInterval(() => {
      if (String(process.ppid) !== parent) {
        clearInterval(timer);
        tell();
      }
    }, 500);
    timer.unref();
  }
}
