import { Batcher } from "@tessera/service-kit/batcher";

/** Ids that one question has at most. */
const MAX_BATCH = 500;

/** Finds things by id: what is looked for at the same time is one question. */
export class Finder<T> {
  readonly #batcher: Batcher<string, { found: T | undefined }>;

  constructor(options: {
    /** Says what is full in the OVERLOADED error. */
    name: string;
    maxInFlight: number;
    maxQueue: number;
    find: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  }) {
    const { find, ...bounds } = options;
    this.#batcher = new Batcher({
      ...bounds,
      maxBatch: MAX_BATCH,
      run: async (ids) => {
        const byId = await find(ids);
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
