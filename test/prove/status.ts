import type { Crowd } from "./buyers/crowd.ts";

/** What goes on right now, for the live line. */
export class Status {
  /** What the run is at, such as "round 3 of 20". */
  at = "";
  /** What is done when nobody buys, such as "selling the rest". */
  doing = "";
  readonly broken = new Set<string>();
  crowd: Crowd | undefined;
  /** Requests whose answers the checker has compared with the databases. */
  checked = 0;
  violations = 0;
  #second = { time: 0, requests: 0, rate: 0 };

  /** One line. */
  line(): string {
    const broken = this.broken.size === 0 ? "all whole" : `BROKEN: ${[...this.broken].join(", ")}`;
    const seen = `checked ${this.checked.toLocaleString("en")}, violations ${this.violations}`;
    return [this.at, this.doing === "" ? broken : `${broken}; ${this.doing}`, this.#sold(), seen]
      .filter((part) => part !== "")
      .join(" · ");
  }

  #sold(): string {
    if (this.crowd === undefined) {
      return "";
    }
    const { ok, refused, unknown } = this.crowd.progress;
    return `${this.#rate(ok + refused + unknown)}/s: ok ${ok} refused ${refused} unknown ${unknown}`;
  }

  #rate(requests: number): number {
    const now = performance.now();
    const before = this.#second;
    const isAnother = requests < before.requests;
    if (isAnother || now - before.time >= 1_000) {
      const gone = isAnother ? 0 : requests - before.requests;
      const rate = Math.round((1_000 * gone) / (now - before.time));
      this.#second = { time: now, requests, rate };
    }
    return this.#second.rate;
  }
}
