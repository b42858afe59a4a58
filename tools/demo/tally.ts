/** Counts answers by kind, and remembers how long each took. */
export class Tally {
  readonly #kinds = new Map<string, number>();
  readonly #millis: number[] = [];

  /** Counts one answer: its kind, such as "201 held", and how long it took. */
  add(kind: string, millis: number): void {
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
    this.#millis.push(millis);
  }

  /** How many answers there were. */
  get count(): number {
    return this.#millis.length;
  }

  /** How many answers of this kind there were. */
  of(kind: string): number {
    return this.#kinds.get(kind) ?? 0;
  }

  /** Kinds with their counts, the most frequent first. */
  byKind(): [string, number][] {
    return [...this.#kinds].sort(([, a], [, b]) => b - a);
  }

  /** The time in milliseconds that `share` (0 to 1) of the answers took at most. */
  quantile(share: number): number {
    const sorted = this.#millis.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  }
}
