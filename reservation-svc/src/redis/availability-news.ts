import type { Redis } from "ioredis";
import { LRUCache } from "lru-cache";
import type { AvailabilityCache } from "../app/availability-cache.ts";
import type { StockLevels } from "../app/ledger.ts";

const CHANNEL = "tessera:availability";

/** How long after a subscription that failed the next one is tried, in milliseconds. */
const RETRY_MS = 500;

/** Sold-out events that are remembered at most: of older ones, nobody trusts the news by now. */
const EVENTS_MAX = 10_000;

/**
 * Carries what one replica learned of an event's stock to the others.
 *
 * News that get lost do no harm: the cache trusts what it knows for a moment only, and forgets
 * all of it while no news can arrive.
 */
export class AvailabilityNews {
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #cache: AvailabilityCache;
  /** Events of which something was sold out when they were last heard of. */
  readonly #empty = new LRUCache<string, true>({ max: EVENTS_MAX });

  constructor(options: { publisher: Redis; subscriber: Redis; cache: AvailabilityCache }) {
    this.#publisher = options.publisher;
    this.#subscriber = options.subscriber;
    this.#cache = options.cache;
  }

  /** Starts listening; it goes on by itself when the connection was lost. */
  listen(): void {
    const subscribe = () => {
      this.#subscriber.subscribe(CHANNEL).then(
        () => this.#cache.setLive(true),
        () => {
          this.#cache.setLive(false);
          // A connection that is remade calls again by itself; one that was only slow does not.
          setTimeout(() => this.#subscriber.status === "ready" && subscribe(), RETRY_MS).unref();
        },
      );
    };
    this.#subscriber.on("ready", subscribe);
    this.#subscriber.on("close", () => this.#cache.setLive(false));
    this.#subscriber.on("message", (_channel: string, text: string) => {
      const levels = parseLevels(text);
      if (levels !== undefined && this.#cache.learn(levels)) {
        this.#isTurn(levels);
      }
    });
    if (this.#subscriber.status === "ready") {
      subscribe();
    }
  }

  /** Learns what a sale left, and tells the others when a sell-out began, or ended. */
  tellSale(levels: StockLevels): void {
    if (this.#cache.learn(levels) && this.#isTurn(levels)) {
      this.#publish(levels);
    }
  }

  /**
   * Learns what is left now that units are back, and tells the others in any case: one of them may
   * have refused more units than were left where none had run out, or before this one was started.
   * Also when this one has heard of a later sale already, for of that it may have told nobody.
   */
  tellReturn(levels: StockLevels): void {
    if (this.#cache.learn(levels)) {
      this.#isTurn(levels);
    }
    this.#publish(levels);
  }

  #publish(levels: StockLevels): void {
    if (this.#publisher.status === "ready") {
      this.#publisher.publish(CHANNEL, formatLevels(levels)).catch(() => undefined);
    }
  }

  /** True while something is sold out, and when it has just ceased to be, here or elsewhere. */
  #isTurn({ eventId, available }: StockLevels): boolean {
    const wasEmpty = this.#empty.delete(eventId);
    const isEmpty = [...available.values()].some((left) => left === 0);
    if (isEmpty) {
      this.#empty.set(eventId, true);
    }
    return isEmpty || wasEmpty;
  }
}

function formatLevels({ eventId, version, available }: StockLevels): string {
  return JSON.stringify({ eventId, version, available: [...available] });
}

/** Undefined for what no replica of this version sends. */
function parseLevels(text: string): StockLevels | undefined {
  try {
    const { eventId, version, available } = JSON.parse(text);
    return Number.isSafeInteger(version)
      ? { eventId, version, available: new Map(available) }
      : undefined;
  } catch {
    return undefined;
  }
}
