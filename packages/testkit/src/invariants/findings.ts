/** More violations of one rule than this are counted and not listed. */
const LISTED_MAX = 5;

/** What breaks one rule: a few examples, and how many more there are. */
export class Findings {
  readonly #listed: string[] = [];
  #more = 0;

  add(finding: string): void {
    if (this.#listed.length < LISTED_MAX) {
      this.#listed.push(finding);
    } else {
      this.#more += 1;
    }
  }

  /** In words; empty when the rule is kept. */
  list(): string[] {
    const rest = this.#more > 0 ? [`… and ${this.#more} more like the last`] : [];
    return [...this.#listed, ...rest];
  }
}
