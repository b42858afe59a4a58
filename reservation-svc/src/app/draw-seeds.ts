import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";

/** Events whose seeds are remembered. */
const EVENTS_MAX = 1_000;

/** Where the seeds of draws are kept for good: what was committed to must outlive the waiting room. */
export interface DrawSeedStore {
  /** Keeps an event's seed, unless one is kept already; gives the one that is. Throws DEPENDENCY_UNAVAILABLE. */
  keep(eventId: string, seed: Buffer): Promise<Buffer>;
}

/** The seeds of draws, as far as this process knows them. */
export class DrawSeeds {
  readonly #store: DrawSeedStore;
  readonly #known = new LRUCache<string, Buffer>({ max: EVENTS_MAX });

  constructor(store: DrawSeedStore) {
    this.#store = store;
  }

  /** An event's seed, if this process has found it out. */
  known(eventId: string): Buffer | undefined {
    return this.#known.get(eventId);
  }

  /**
   * Finds an event's seed out, or makes it. A waiting room that has one keeps it, since people were
   * drawn by it: a replica of before made it, and it is written down now.
   */
  async learn(eventId: string, ofRoom: Buffer | undefined): Promise<Buffer> {
    const known = this.#known.get(eventId);
    if (known !== undefined && (ofRoom?.equals(known) ?? true)) {
      return known;
    }
    const kept = await this.#store.keep(eventId, ofRoom ?? randomBytes(32));
    const seed = ofRoom ?? kept;
    this.#known.set(eventId, seed);
    return seed;
  }
}
