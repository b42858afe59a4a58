import { ServiceError } from "@tessera/service-kit/service-error";

/** How much there may be at once, and how much of it one person's. */
export interface Bounds {
  max: number;
  maxEach: number;
}

/**
 * Something of which so much is under way at once and no more, and so much of it for one person.
 *
 * Whoever would wait for longer than his call may take is told at once instead: he would get nothing
 * in the end, and what is done for him meanwhile would make the others late as well.
 */
export class Bounded {
  readonly #name: string;
  readonly #bounds: Bounds;
  readonly #takenBy = new Map<string, number>();
  #taken = 0;

  /** `name` says of what there is too much in the errors. */
  constructor(name: string, bounds: Bounds) {
    this.#name = name;
    this.#bounds = bounds;
  }

  /** How much is under way. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes so much until it is given back. Throws, nothing taken, RATE_LIMITED when that were too much
   * for one, and OVERLOADED when it were too much.
   */
  take(person: string, amount = 1): void {
    const own = (this.#takenBy.get(person) ?? 0) + amount;
    if (own > this.#bounds.maxEach) {
      const message = `too many ${this.#name} of yours are under way; wait for an answer first`;
      throw new ServiceError("RATE_LIMITED", message);
    }
    if (this.#taken + amount > this.#bounds.max) {
      throw new ServiceError("OVERLOADED", `too many ${this.#name} are under way`);
    }
    this.#taken += amount;
    this.#takenBy.set(person, own);
  }

  /** Gives back what was taken. */
  giveBack(person: string, amount = 1): void {
    this.#taken -= amount;
    const left = (this.#takenBy.get(person) ?? 0) - amount;
    if (left > 0) {
      this.#takenBy.set(person, left);
    } else {
      this.#takenBy.delete(person);
    }
  }

  /** Settles as `work` does, one being taken meanwhile. Rejects like `take`, `work` not begun. */
  async run<T>(person: string, work: () => Promise<T>): Promise<T> {
    this.take(person);
    try {
      return await work();
    } finally {
      this.giveBack(person);
    }
  }
}
