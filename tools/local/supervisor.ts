import type { ChildProcess } from "node:child_process";
import { copyFileSync, statSync, truncateSync } from "node:fs";
import type { Children } from "@tessera/testkit/stores/children";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import type { Restartable } from "@tessera/testkit/stores/restartable";
import { lastLines } from "@tessera/testkit/stores/store-server";

/** The pause before a restart, in milliseconds: it doubles from the first to the last. */
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 15_000;
/** A process that ran for this long had recovered: the pause begins anew. */
const STABLE_MS = 30_000;
/** One that dies this often before it was ever ready has no chance. */
const MAX_DEATHS_AT_START = 3;
/** Logs are cut at this size; what was before is kept once, as `<file>.1`. */
const MAX_LOG_BYTES = 64 * 1024 * 1024;

/** What is known of the deaths of a process. */
interface Past {
  deaths: number;
  wasStable: boolean;
}

/** Keeps processes running: one that dies is started again, and the person is told. */
export class Supervisor {
  readonly #children: Children;
  readonly #say: (text: string) => void;
  readonly #kept: Restartable[] = [];
  #isReady = false;
  readonly #end = Promise.withResolvers<never>();

  /** Rejects when a service cannot even start; never resolves. */
  readonly hopeless = this.#end.promise;

  constructor({ children, say }: { children: Children; say: (text: string) => void }) {
    this.#children = children;
    this.#say = say;
    this.hopeless.catch(() => undefined);
    setInterval(() => this.#kept.forEach(boundLog), 5_000).unref();
  }

  /** Starts a service, now and whenever it dies. */
  keep(service: Restartable): void {
    this.#kept.push(service);
    this.#launch(service, { deaths: 0, wasStable: false });
  }

  /** Starts a store whenever it dies; `child` is its process, which has answered. */
  keepStarted(store: Restartable, child: ChildProcess): void {
    this.#kept.push(store);
    this.#watch(store, child, { deaths: 0, wasStable: true });
  }

  #launch(kept: Restartable, past: Past): void {
    if (!this.#children.isStopping) {
      this.#watch(kept, kept.launch(), past);
    }
  }

  #watch(kept: Restartable, child: ChildProcess, past: Past): void {
    const startTime = performance.now();
    const onEnd = (how: string, signal: NodeJS.Signals | null) => {
      if (this.#children.isStopping) {
        return;
      }
      const isStable = performance.now() - startTime > STABLE_MS;
      const deaths = isStable ? 1 : past.deaths + 1;
      const wasStable = past.wasStable || isStable;
      if (!wasStable && deaths >= MAX_DEATHS_AT_START && !this.#isReady) {
        const lines = lastLines(kept.logFile, 25);
        this.#end.reject(new OperatorError(`${kept.name} does not start:\n${lines}`));
        return;
      }
      const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (deaths - 1));
      // One that is killed has no time for last words.
      const words =
        signal === "SIGKILL" ? "" : `\n  ${kept.lastWords() ?? `Its log is ${kept.logFile}.`}`;
      this.#say(`${kept.name} ${how}; starting it again in ${pauseMs / 1000} s.${words}`);
      setTimeout(() => this.#launch(kept, { deaths, wasStable }), pauseMs).unref();
    };
    child.once("exit", (code, signal) =>
      onEnd(signal === null ? `ended with code ${code}` : `was ended by ${signal}`, signal),
    );
    child.once("error", ({ message }) => {
      // One that cannot be signalled is another matter: it runs on.
      if (child.pid === undefined) {
        onEnd(`could not be started: ${message}`, null);
      }
    });
  }

  /** From now on, a service that keeps dying is started again for ever. */
  ready(): void {
    this.#isReady = true;
  }
}

/** Services append to their logs, so a log can be cut under them. */
function boundLog({ logFile }: Restartable): void {
  try {
    if (statSync(logFile).size > MAX_LOG_BYTES) {
      copyFileSync(logFile, `${logFile}.1`);
      truncateSync(logFile, 0);
    }
  } catch {
    // It is not there yet.
  }
}
