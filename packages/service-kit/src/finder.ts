import { Batcher } from "./batcher.ts";

/** Finds things by id: what is looked for at the same time is one question. */
export class Finder<T> {
  readonly #batcher: Batcher<string, { found: T | undefined }>;

  constructor(options: {
    /** Says what is full in the OVERLOADED error. */
    name: string;
    /** How many ids one question has at most. */
    maxBatch: number;
    maxInFlight: number;
    maxQueue: number;
    /** Is asked for no id twice. */
    find: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  }) {
    const { find, ...bounds } = options;
    this.#batcher = new Batcher({
      ...bounds,
      run: async (ids) => {
        const byId = await find([...new Set(ids)]);
        return ids.map((id) => ({ found: byId.get(id) }));
      },
    });
  }

  /** How many ids wait to be asked for. */
  get depth(): number {
    return this.#batcher.depth;
  }

  /** What has this id, if there is anything. Not looked for once it is `deadline`, a performance.now(). */
  async find(id: string, deadline?: number): Promise<T | undefined> {
    const { found } = await this.#batcher.submit(id, deadline);
    return found;
  }
}
