import { ServiceError } from "@tessera/service-kit/service-error";

/**
 * Work of one kind, of which so much goes on at once and no more.
 *
 * Whoever would wait for longer than his call may take is told at once instead: he would get nothing
 * in the end, and what is done for him meanwhile would make the others late as well.
 */
export class Bounded {
  readonly #name: string;
  readonly #max: number;
  #running = 0;

  /** `name` says of what there is too much in the OVERLOADED error. */
  constructor(name: string, max: number) {
    this.#name = name;
    this.#max = max;
  }

  /** How much goes on now. */
  get running(): number {
    return this.#running;
  }

  /** Settles as `work` does; rejects with OVERLOADED, `work` not begun, when too much goes on. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max) {
      throw new ServiceError("OVERLOADED", `too many ${this.#name} are under way`);
    }
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
    }
  }
}
