import type { Redis } from "ioredis";
import type { AvailabilityCache } from "../app/availability-cache.ts";
import type { StockLevels } from "../app/ledger.ts";

const CHANNEL = "tessera:availability";

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
  readonly #wasEmpty = new Map<string, boolean>();

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
        () => this.#cache.setLive(false),
      );
    };
    this.#subscriber.on("ready", subscribe);
    this.#subscriber.on("close", () => this.#cache.setLive(false));
    this.#subscriber.on("message", (_channel: string, text: string) => {
      this.#cache.learn(parseLevels(text));
    });
    if (this.#subscriber.status === "ready") {
      subscribe();
    }
  }

  /** Learns what the ledger said, and tells the others when a sell-out began, or ended. */
  tell(levels: StockLevels): void {
    if (!this.#cache.learn(levels)) {
      return;
    }
    const isEmpty = [...levels.available.values()].some((left) => left === 0);
    const changed = isEmpty || this.#wasEmpty.get(levels.eventId) === true;
    if (isEmpty) {
      this.#wasEmpty.set(levels.eventId, true);
    } else {
      this.#wasEmpty.delete(levels.eventId);
    }
    if (changed && this.#publisher.status === "ready") {
      this.#publisher.publish(CHANNEL, formatLevels(levels)).catch(() => undefined);
    }
  }
}

function formatLevels({ eventId, version, available }: StockLevels): string {
  return JSON.stringify({ eventId, version, available: [...available] });
}

function parseLevels(text: string): StockLevels {
  const { eventId, version, available } = JSON.parse(text);
  return { eventId, version, available: new Map(available) };
}
