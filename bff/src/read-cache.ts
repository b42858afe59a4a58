import { ServiceError } from "@tessera/service-kit/service-error";
import { LRUCache } from "lru-cache";
import type { Asker } from "./combiner.ts";

/** How old answers may be, in milliseconds since just before the service was asked. */
export interface Freshness {
  /** Up to this age an answer is given as it is; beyond it, it is refreshed behind the scenes. */
  freshMs: number;
  /**
   * Beyond this age nobody is given it: requests wait for the refresh, and a load that took longer
   * has failed. 0 turns the cache off.
   */
  maxAgeMs: number;
  /** Up to this age an answer is given after all when its refresh fails; 0 for never. */
  staleIfErrorMs: number;
}

/** Told of answers, and of questions to the service. */
export interface ReadCacheObserver {
  onAnswer: (source: AnswerSource) => void;
  onLoad: () => void;
  onLoadFailure: (reason: unknown) => void;
}

/** Where an answer came from: memory, in time or not; the service; or memory for want of it. */
export type AnswerSource = "fresh" | "stale" | "loaded" | "stale_if_error";

/** How a cache is made. */
export interface ReadCacheOptions<Query, Answer> {
  freshness: Freshness;
  /** Queries that mean the same have the same key. */
  keyOf: (query: Query) => string;
  /** Asks the service on behalf of all who wait. What it rejects with is not kept. */
  load: (query: Query, asker: Asker) => Promise<Answer>;
  /** How many bytes an answer takes. */
  sizeOf: (answer: Answer) => number;
  /** Answers that are kept; the least recently used ones go first. */
  maxEntries: number;
  /** Bytes that are kept, all together. */
  maxBytes: number;
  /** Loads under way; one more is refused with OVERLOADED. */
  maxLoads: number;
  observer: ReadCacheObserver;
  /** Time in milliseconds, from any beginning. Defaults to `performance.now`. */
  now?: (() => number) | undefined;
}

interface Kept<Answer> {
  answer: Answer;
  /** When its load began. */
  readTime: number;
  /** No refresh begins earlier: set when one failed. */
  retryTime: number;
}

interface Load<Answer> {
  asker: Asker;
  answer: Promise<Answer>;
}

/** How long after a failed refresh the next one may begin, in milliseconds. */
const RETRY_PAUSE_MS = 500;

/** What an entry takes beside its key and its answer, in bytes: about. */
const ENTRY_BYTES = 512;

/**
 * Answers that everybody may share, kept for a moment.
 *
 * An old answer is given while its refresh is under way, and for each key one load is under way at
 * most. `LRUCache` keeps the answers within their bounds. Its own `fetch` is not used: it counts
 * an answer's age from its arrival, knows no age beyond which a stale answer must not be given, and
 * forgets a load under way when its key is pushed out.
 */
export class ReadCache<Query, Answer extends object> {
  readonly #options: ReadCacheOptions<Query, Answer>;
  readonly #now: () => number;
  readonly #kept: LRUCache<string, Kept<Answer>>;
  readonly #loads = new Map<string | symbol, Load<Answer>>();

  constructor(options: ReadCacheOptions<Query, Answer>) {
    const { sizeOf, maxEntries, maxBytes, now = () => performance.now() } = options;
    this.#options = options;
    this.#now = now;
    this.#kept = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: ({ answer }, key) => sizeOf(answer) + 2 * key.length + ENTRY_BYTES,
    });
  }

  /** How many answers are kept. */
  get entries(): number {
    return this.#kept.size;
  }

  /** How many answers are being waited for. */
  get loads(): number {
    return this.#loads.size;
  }

  /** How many bytes they take: about. */
  get bytes(): number {
    return this.#kept.calculatedSize;
  }

  /**
   * The answer if it is known, else a promise of it; `asker` is told which call it waited for.
   * Rejects as the load does, or with OVERLOADED.
   */
  get(query: Query, asker: Pick<Asker, "call">): Answer | Promise<Answer> {
    const { freshness, keyOf, observer } = this.#options;
    const key = keyOf(query);
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      const now = this.#now();
      const age = now - kept.readTime;
      const isFresh = age <= freshness.freshMs;
      const mayRefresh = now >= kept.retryTime;
      if (age <= freshness.maxAgeMs) {
        if (!isFresh && mayRefresh) {
          this.#refresh(key, query);
        }
        observer.onAnswer(isFresh ? "fresh" : "stale");
        return kept.answer;
      }
      if (!mayRefresh && age <= freshness.staleIfErrorMs) {
        observer.onAnswer("stale_if_error");
        return kept.answer;
      }
    }
    return this.#wait(key, query, asker);
  }

  async #wait(key: string, query: Query, asker: Pick<Asker, "call">): Promise<Answer> {
    const { freshness, observer } = this.#options;
    let load: Load<Answer> | undefined;
    try {
      load = this.#loads.get(key) ?? this.#begin(key, query);
      const answer = await load.answer;
      observer.onAnswer("loaded");
      return answer;
    } catch (reason) {
      const kept = this.#kept.get(key);
      if (kept === undefined || this.#now() - kept.readTime > freshness.staleIfErrorMs) {
        throw reason;
      }
      observer.onAnswer("stale_if_error");
      return kept.answer;
    } finally {
      asker.call = load?.asker.call;
    }
  }

  #refresh(key: string, query: Query): void {
    if (!this.#loads.has(key) && this.#loads.size < this.#options.maxLoads) {
      this.#begin(key, query);
    }
  }

  #begin(key: string, query: Query): Load<Answer> {
    const { freshness, maxLoads } = this.#options;
    if (this.#loads.size >= maxLoads) {
      throw new ServiceError("OVERLOADED", "too many reads are under way");
    }
    const asker: Asker = { isGone: false, call: undefined };
    const load = { asker, answer: this.#load(key, query, asker) };
    // With the cache off nobody is given what another one asked for.
    const name = freshness.maxAgeMs > 0 ? key : Symbol();
    this.#loads.set(name, load);
    const done = () => void this.#loads.delete(name);
    // A failed refresh was counted, and the next request is told of it if it lasts.
    load.answer.then(done, done);
    return load;
  }

  async #load(key: string, query: Query, asker: Asker): Promise<Answer> {
    const { freshness, load, observer } = this.#options;
    const { maxAgeMs } = freshness;
    const readTime = this.#now();
    try {
      const answer = await load(query, asker);
      if (maxAgeMs > 0) {
        if (this.#now() - readTime > maxAgeMs) {
          throw new ServiceError("DEADLINE_EXCEEDED", "the answer came too late to be given");
        }
        this.#kept.set(key, { answer, readTime, retryTime: 0 });
      }
      observer.onLoad();
      return answer;
    } catch (reason) {
      observer.onLoadFailure(reason);
      const kept = this.#kept.peek(key);
      if (kept !== undefined) {
        kept.retryTime = this.#now() + RETRY_PAUSE_MS;
      }
      throw reason;
    }
  }
}
