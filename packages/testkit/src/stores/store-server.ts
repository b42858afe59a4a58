import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type Children, isRunning, STOP_GRACE_MS, stopChild } from "./children.ts";
import { OperatorError } from "./operator-error.ts";
import { readIfThere } from "./read-if-there.ts";
import { Restartable } from "./restartable.ts";

/** What one private server needs to be run. */
export interface StoreServerOptions {
  children: Children;
  /** Unique among the children. */
  name: string;
  command: readonly string[];
  logFile: string;
  /** With a user and a password where it wants them. */
  url: string;
  /** Resolves when the server answers; rejects while it does not. */
  ping: (url: string) => Promise<void>;
  /** What the person can do when it does not start. */
  remedy: string;
}

/** How long a server may take to answer after its start, recovery included, in milliseconds. */
const START_DEADLINE_MS = 120_000;
/**
 * How long one may take to stop that has never answered, in milliseconds: while MariaDB starts, it
 * loses signals. A kill costs it nothing, for it recovers from one.
 */
const START_GRACE_MS = 2_000;
/** Stores stop after everything that uses them. */
const STOP_ORDER = 2;

/** A private MySQL, MariaDB or Redis that can be stopped, paused and started again in place. */
export class StoreServer extends Restartable {
  readonly name: string;
  readonly logFile: string;
  /** Stays the same over restarts. */
  readonly url: string;
  readonly #options: StoreServerOptions;
  #hasAnswered = false;

  constructor(options: StoreServerOptions) {
    super();
    this.name = options.name;
    this.logFile = options.logFile;
    this.url = options.url;
    this.#options = options;
  }

  /** Starts it; resolves when it answers, to the child, so that its end can be seen. */
  async start(): Promise<ChildProcess> {
    const { name, logFile, remedy } = this.#options;
    const child = this.launch();
    const failed = once(child, "exit").then(() => false);
    if (!(await Promise.race([this.#answers(child), failed]))) {
      await stopChild(child, { isForced: true });
      const lines = lastLines(logFile, 8);
      throw new OperatorError(`${name} does not start; its last words:\n${lines}\n${remedy}`);
    }
    this.#hasAnswered = true;
    return child;
  }

  /** Starts it without waiting. */
  override launch(): ChildProcess {
    const { children, name, command, logFile } = this.#options;
    const log = openFreshLog(logFile);
    const child = children.spawn(name, command, {
      stdio: ["ignore", log, log],
      order: STOP_ORDER,
      graceMs: () => (this.#hasAnswered ? STOP_GRACE_MS : START_GRACE_MS),
    });
    closeSync(log);
    this.child = child;
    return child;
  }

  async #answers(child: ChildProcess): Promise<boolean> {
    const giveUpTime = Date.now() + START_DEADLINE_MS;
    while (Date.now() < giveUpTime && isRunning(child)) {
      try {
        await this.#options.ping(this.url);
        return true;
      } catch {
        await setTimeout(50);
      }
    }
    return false;
  }
}

/** Opens a log for writing, and keeps the one before as `<file>.1`: it cannot grow for ever. */
export function openFreshLog(file: string): number {
  try {
    renameSync(file, `${file}.1`);
  } catch {
    // There was none.
  }
  return openSync(file, "a");
}

/** The last `count` lines of a text file; empty when there is none. */
export function lastLines(file: string, count: number): string {
  return (readIfThere(file) ?? "").trimEnd().split("\n").slice(-count).join("\n");
}

/** The secret that the file remembers; made on first use, readable by its owner alone. */
export function rememberedSecret(file: string): string {
  const remembered = readIfThere(file);
  if (remembered !== undefined && remembered !== "") {
    return remembered;
  }
  const secret = randomBytes(24).toString("hex");
  writeFileSync(file, secret, { mode: 0o600 });
  return secret;
}
