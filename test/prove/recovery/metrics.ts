import type { ServiceProcess } from "@tessera/testkit/service-process";
import { adminUrl } from "../../watch.ts";

/** How long a process may take to tell its metrics, in milliseconds. */
const DEADLINE_MS = 2_000;

/** What a process says about itself at one moment. */
export class Metrics {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split("\n");
  }

  /** Rejects when there is no answer in time: it is away, paused or overwhelmed. */
  static async of(process: ServiceProcess): Promise<Metrics> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const response = await fetch(`${adminUrl(process)}/metrics`, { signal });
    return new Metrics(await response.text());
  }

  /** The sum of the samples with this name whose labels contain this text. */
  sum(name: string, label = ""): number {
    return this.#lines
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }
}
