/** How fast something goes, and when it will be over. */
export class LoadMeter {
  readonly #what: string;
  readonly #total: number;
  readonly #now: () => number;
  readonly #parts = new Map<string, { start: number; done: number }>();
  readonly #startTime: number;
  #note = "done";

  /** `total` is that of one part; parts are loaded side by side. */
  constructor(what: string, total: number, now: () => number = () => performance.now()) {
    this.#what = what;
    this.#total = total;
    this.#now = now;
    this.#startTime = now();
  }

  /** Says how far a part is. What was done at the first call was done by an earlier run. */
  report(part: string, done: number): void {
    const start = this.#parts.get(part)?.start ?? done;
    this.#parts.set(part, { start, done });
  }

  /** Says what goes on when all is loaded. */
  note(text: string): void {
    this.#note = text;
  }

  /** How many of them all parts have done. */
  get done(): number {
    const all = [...this.#parts.values()].map(({ done }) => done);
    return all.length === 0 ? 0 : Math.min(...all);
  }

  /** How many this run has done a second: all parts together count once. */
  get perSecond(): number {
    const seconds = Math.max(0.001, (this.#now() - this.#startTime) / 1000);
    const own = [...this.#parts.values()].map(({ start, done }) => done - start);
    return own.length === 0 ? 0 : own.reduce((sum, one) => sum + one, 0) / own.length / seconds;
  }

  /** A line with a bar, the rate and the time left. */
  line(): string {
    const share = this.#total === 0 ? 1 : this.done / this.#total;
    const width = 24;
    const filled = Math.round(share * width);
    const bar = `${"#".repeat(filled)}${".".repeat(width - filled)}`;
    const rate = Math.round(this.perSecond).toLocaleString("en");
    return (
      `${this.#what.padEnd(12)} [${bar}] ${(share * 100).toFixed(0).padStart(3)} %  ` +
      `${this.done.toLocaleString("en")} of ${this.#total.toLocaleString("en")}, ` +
      `${rate} a second, ${this.#left()}`
    );
  }

  #left(): string {
    if (this.done >= this.#total) {
      return this.#note;
    }
    if (this.perSecond === 0) {
      return "…";
    }
    const seconds = Math.ceil((this.#total - this.done) / this.perSecond);
    const minutes = Math.floor(seconds / 60);
    return minutes === 0 ? `${seconds} s left` : `${minutes} min ${seconds % 60} s left`;
  }
}
