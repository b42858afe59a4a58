import { mix } from "../../tools/dataset/mix.ts";

/**
 * Chance that can be repeated: the same seed and the same names give the same choices.
 *
 * Whoever decides on his own forks a stream of his own, so that one who asks for more numbers
 * changes nobody else's.
 */
export class Random {
  readonly #seed: number;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
  }

  /** A stream of its own for this name. */
  fork(name: string): Random {
    let seed = this.#seed;
    for (const character of name) {
      seed = mix(seed, character.codePointAt(0) ?? 0);
    }
    return new Random(mix(seed, name.length));
  }

  /** At least 0, less than 1. */
  fraction(): number {
    this.#count += 1;
    return mix(this.#seed, this.#count) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of them. There must be one. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) {
      throw new Error("there is nothing to pick from");
    }
    return item;
  }

  /** All of them, in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, place: this.fraction() }))
      .sort((one, other) => one.place - other.place)
      .map(({ item }) => item);
  }
}
