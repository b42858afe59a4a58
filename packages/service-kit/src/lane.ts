import { Batcher } from "./batcher.ts";

/** How wide a lane is. */
export interface LaneOptions {
  /** Names what is full in the OVERLOADED error. */
  name: string;
  /** How much goes on at once. */
  maxInFlight: number;
  /** How much waits at most; whatever is too much is refused with OVERLOADED. */
  maxQueue: number;
}

/**
 * Work of one kind that shares something with other kinds, such as a pool of connections: so much of
 * it goes on at once, and the rest waits here, in order of arrival, and not where the others would.
 */
export class Lane {
  readonly #works: Batcher<() => Promise<unknown>, { done: unknown }>;

  constructor(options: LaneOptions) {
    this.#works = new Batcher({
      ...options,
      maxBatch: 1,
      run: (works) => Promise.all(works.map(async (work) => ({ done: await work() }))),
    });
  }

  /** How much waits. */
  get depth(): number {
    return this.#works.depth;
  }

  /** Settles as `work` does, which is not begun once it is `deadline`, a performance.now() time. */
  async run<T>(work: () => Promise<T>, deadline?: number): Promise<T> {
    const { done } = await this.#works.submit(work, deadline);
    return done as T;
  }
}

/**
 * A lane for calls that take a connection each. It has a quarter of the pool: however many ask, and
 * whatever row they wait for, the rest is left to others. So few wait that a slow database has served
 * them in time.
 */
export function poolLane(name: string, poolSize: number): Lane {
  return new Lane({ name, maxInFlight: Math.max(1, Math.floor(poolSize / 4)), maxQueue: 256 });
}
