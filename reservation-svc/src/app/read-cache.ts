import { LRUCache } from "lru-cache";

/** How old a value may be, in milliseconds. */
export interface Ages {
  /** Until this age it is given as it is. */
  freshMs: number;
  /** Until this age it is given while it is read anew. */
  lateMs: number;
}

/** How long a value that was read is good for, in milliseconds. */
export interface ReadCacheOptions<V extends object> extends Ages {
  read: (key: string) => Promise<V>;
  /** Until this age it is given when reading it anew fails. */
  failMs: number;
  maxKeys: number;
  /** Time in milliseconds, from any beginning. Defaults to `performance.now`. */
  now?: (() => number) | undefined;
}

/** Remembers what was read from elsewhere; however many ask, one read of a key runs at a time. */
export class ReadCache<V extends object> {
  readonly #options: ReadCacheOptions<V>;
  readonly #now: () => number;
  readonly #known: LRUCache<string, { value: V; readTime: number }>;
  readonly #reading = new Map<string, Promise<V>>();

  constructor(options: ReadCacheOptions<V>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#known = new LRUCache({ max: options.maxKeys });
  }

  /**
   * The value: at once when it is known, so that the hot path waits for nothing. `ages` instead of
   * the cache's own, for who must know better.
   */
  get(key: string, ages: Ages = this.#options): V | Promise<V> {
    const known = this.#known.get(key);
    const age = known === undefined ? Number.POSITIVE_INFINITY : this.#now() - known.readTime;
    if (known !== undefined && age <= ages.freshMs) {
      return known.value;
    }
    const reading = this.#join(key);
    if (known !== undefined && age <= ages.lateMs) {
      reading.catch(() => undefined);
      return known.value;
    }
    return known !== undefined && age <= this.#options.failMs
      ? reading.catch(() => known.value)
      : reading;
  }

  /** Reads the value now, whatever is known or being read. */
  async refresh(key: string): Promise<V> {
    const readTime = this.#now();
    const value = await this.#options.read(key);
    this.#known.set(key, { value, readTime });
    return value;
  }

  #join(key: string): Promise<V> {
    let reading = this.#reading.get(key);
    if (reading === undefined) {
      reading = this.refresh(key).finally(() => this.#reading.delete(key));
      this.#reading.set(key, reading);
    }
    return reading;
  }
}
