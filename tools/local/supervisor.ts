import { copyFileSync, statSync, truncateSync } from "node:fs";
import type { ServiceProcess } from "@tessera/testkit/service-process";
import type { Children } from "@tessera/testkit/stores/children";
import { OperatorError } from "@tessera/testkit/stores/operator-error";

/** The pause before a restart, in milliseconds: it doubles from the first to the last. */
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 15_000;
/** A process that ran for this long had recovered: the pause begins anew. */
const STABLE_MS = 30_000;
/** One that dies this often before it was ever ready has no chance. */
const MAX_DEATHS_AT_START = 3;
/** Logs are cut at this size; what was before is kept once, as `<file>.1`. */
const MAX_LOG_BYTES = 64 * 1024 * 1024;

/** Keeps services running: one that dies is started again, and the person is told. */
export class Supervisor {
  readonly #children: Children;
  readonly #say: (text: string) => void;
  readonly #services: ServiceProcess[] = [];
  #isReady = false;
  #giveUp: (reason: OperatorError) => void = () => undefined;

  /** Rejects when a service cannot even start; never resolves. */
  readonly hopeless: Promise<never>;

  constructor({ children, say }: { children: Children; say: (text: string) => void }) {
    this.#children = children;
    this.#say = say;
    this.hopeless = new Promise((_resolve, reject) => {
      this.#giveUp = reject;
    });
    this.hopeless.catch(() => undefined);
    setInterval(() => this.#services.forEach(boundLog), 5_000).unref();
  }

  /** Starts a service, now and whenever it dies. */
  keep(service: ServiceProcess): void {
    this.#services.push(service);
    this.#launch(service, { deaths: 0, wasStable: false });
  }

  #launch(service: ServiceProcess, past: { deaths: number; wasStable: boolean }): void {
    if (this.#children.isStopping) {
      return;
    }
    const startTime = performance.now();
    const child = service.launch();
    child.once("exit", (code, signal) => {
      if (this.#children.isStopping) {
        return;
      }
      const isStable = performance.now() - startTime > STABLE_MS;
      const deaths = isStable ? 1 : past.deaths + 1;
      const wasStable = past.wasStable || isStable;
      const how = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
      if (!wasStable && deaths >= MAX_DEATHS_AT_START && !this.#isReady) {
        const lines = service.lastLines(25);
        this.#giveUp(new OperatorError(`${service.name} does not start:\n${lines}`));
        return;
      }
      const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (deaths - 1));
      this.#say(
        `${service.name} ${how}; starting it again in ${pauseMs / 1000} s.\n  ${service.lastWords()}`,
      );
      setTimeout(() => this.#launch(service, { deaths, wasStable }), pauseMs).unref();
    });
  }

  /** From now on, a service that keeps dying is started again for ever. */
  ready(): void {
    this.#isReady = true;
  }
}

/** Services append to their logs, so a log can be cut under them. */
function boundLog({ logFile }: ServiceProcess): void {
  try {
    if (statSync(logFile).size > MAX_LOG_BYTES) {
      copyFileSync(logFile, `${logFile}.1`);
      truncateSync(logFile, 0);
    }
  } catch {
    // It is not there yet.
  }
}
