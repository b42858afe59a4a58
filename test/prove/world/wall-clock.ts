import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServiceProcess } from "@tessera/testkit/service-process";
import { until } from "@tessera/testkit/until";

/** Longer than any fault pauses a process, in milliseconds. */
const STEP_DEADLINE_MS = 20_000;

/** The clock on the wall of one process, which only it sees. */
export class WallClock {
  /** What the process loads before anything of its own. */
  static readonly preload = join(import.meta.dirname, "step-clock.ts");
  readonly #file: string;
  #offsetMs = 0;

  /** The file is made; how far the clock is off is kept there, over restarts of the process. */
  constructor(file: string) {
    this.#file = file;
    writeFileSync(file, "0");
  }

  /** What the process needs to find its clock. */
  get env(): Record<string, string> {
    return { STEPPED_CLOCK_FILE: this.#file };
  }

  /** Resolves when the process goes by it, or has ended: then it will from its next start on. */
  async step(process: ServiceProcess, byMs: number): Promise<void> {
    this.#offsetMs += byMs;
    const text = String(this.#offsetMs);
    writeFileSync(this.#file, text);
    await until(
      `${process.name} looks at its clock`,
      () => !process.isRunning || readFileSync(`${this.#file}.known`, "utf8") === text,
      { patienceMs: STEP_DEADLINE_MS, everyMs: 5 },
    );
  }
}
