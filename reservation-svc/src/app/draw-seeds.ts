import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";

/** Events whose seeds are remembered. */
const EVENTS_MAX = 1_000;

/**
 * Where the seeds of draws are kept for good: what was committed to must outlive the waiting room. All
 * methods throw DEPENDENCY_UNAVAILABLE.
 */
export interface DrawSeedStore {
  /**
   * Keeps an event's seed, unless one is kept already; gives the one that is. One that was told is
   * replaced, if people are to be drawn by it.
   */
  keep(eventId: string, seed: Buffer, options: { isForDraw: boolean }): Promise<Buffer>;
  /** Notes that everybody may know this seed of the event. */
  tell(eventId: string, seed: Buffer): Promise<void>;
}

/** The seeds of draws, as far as this process knows them. */
export class DrawSeeds {
  readonly #store: DrawSeedStore;
  readonly #known = new LRUCache<string, Buffer>({ max: EVENTS_MAX });
  readonly #told = new LRUCache<string, Buffer>({ max: EVENTS_MAX });

  constructor(store: DrawSeedStore) {
    this.#store = store;
  }

  /** An event's seed, if this process has found it out. */
  known(eventId: string): Buffer | undefined {
    return this.#known.get(eventId);
  }

  /**
   * Finds an event's seed out, or makes it. A waiting room that has one keeps it, since people were
   * drawn by it: a replica of before made it, and it is written down now. One that has none was
   * lost, perhaps after its draw: by a seed that is public, a joiner could choose a number.
   */
  async learn(
    eventId: string,
    { ofRoom, isDrawn }: { ofRoom: Buffer | undefined; isDrawn: boolean },
  ): Promise<Buffer> {
    const isForDraw = ofRoom === undefined && !isDrawn;
    const kept = await this.#store.keep(eventId, ofRoom ?? randomBytes(32), { isForDraw });
    const seed = ofRoom ?? kept;
    this.#known.set(eventId, seed);
    return seed;
  }

  /** To be called before anybody is told the seed. */
  async tell(eventId: string, seed: Buffer): Promise<void> {
    if (this.#told.get(eventId)?.equals(seed) !== true) {
      await this.#store.tell(eventId, seed);
      this.#told.set(eventId, seed);
    }
  }
}
