import { ServiceError } from "@tessera/service-kit/service-error";

/**
 * Work of one kind, of which so much goes on at once and no more, and so much of it for one person.
 *
 * Whoever would wait for longer than his call may take is told at once instead: he would get nothing
 * in the end, and what is done for him meanwhile would make the others late as well.
 */
export class Bounded {
  readonly #name: string;
  readonly #max: number;
  readonly #maxEach: number;
  readonly #runningOf = new Map<string, number>();
  #running = 0;

  /** `name` says of what there is too much in the errors. */
  constructor(name: string, { max, maxEach }: { max: number; maxEach: number }) {
    this.#name = name;
    this.#max = max;
    this.#maxEach = maxEach;
  }

  /** How much goes on now. */
  get running(): number {
    return this.#running;
  }

  /**
   * Settles as `work` does. Rejects, `work` not begun, with RATE_LIMITED when too much goes on for
   * `person`, and with OVERLOADED when too much goes on.
   */
  async run<T>(person: string, work: () => Promise<T>): Promise<T> {
    const own = this.#runningOf.get(person) ?? 0;
    if (own >= this.#maxEach) {
      const message = `${own} ${this.#name} of yours are under way; wait for an answer first`;
      throw new ServiceError("RATE_LIMITED", message);
    }
    if (this.#running >= this.#max) {
      throw new ServiceError("OVERLOADED", `too many ${this.#name} are under way`);
    }
    this.#running += 1;
    this.#runningOf.set(person, own + 1);
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#leave(person);
    }
  }

  #leave(person: string): void {
    const left = (this.#runningOf.get(person) ?? 0) - 1;
    if (left > 0) {
      this.#runningOf.set(person, left);
    } else {
      this.#runningOf.delete(person);
    }
  }
}
