import { LRUCache } from "lru-cache";
import type { Item } from "../domain/reservation.ts";
import type { StockLevels } from "./ledger.ts";

/** What one event had left when it was last heard of. */
interface Known {
  levels: StockLevels;
  heardTime: number;
}

/**
 * Remembers what the ledger last said was left, so that a sold-out event costs neither lock nor
 * transaction.
 *
 * It may only say "sold out" or "maybe". It says "sold out" for at most `trustMs` after it last
 * heard from the ledger, and only while `isLive`: while news of returned units from other
 * replicas would arrive.
 */
export class AvailabilityCache {
  readonly #trustMs: number;
  /** Only looked into, never asked: what was heard of longest ago goes when it is full. */
  readonly #events: LRUCache<string, Known>;
  readonly #now: () => number;
  #isLive = false;

  constructor(options: { trustMs: number; maxEvents: number; now?: () => number }) {
    this.#trustMs = options.trustMs;
    this.#events = new LRUCache({ max: options.maxEvents });
    this.#now = options.now ?? (() => performance.now());
  }

  /** Told whether news from other replicas arrives. What is known is forgotten when it does not. */
  setLive(isLive: boolean): void {
    this.#isLive = isLive;
    if (!isLive) {
      this.#events.clear();
    }
  }

  /** Learns what is left. Older news than what is known are ignored; true when it was news. */
  learn(levels: StockLevels): boolean {
    const known = this.#events.peek(levels.eventId);
    if (known !== undefined && known.levels.version > levels.version) {
      return false;
    }
    this.#events.set(levels.eventId, { levels, heardTime: this.#now() });
    return known === undefined || known.levels.version < levels.version;
  }

  /** The first ticket type of which surely too little is left, or undefined: maybe enough. */
  soldOut(eventId: string, items: readonly Item[]): string | undefined {
    if (!this.#isLive) {
      return undefined;
    }
    const known = this.#events.peek(eventId);
    if (known === undefined || this.#now() - known.heardTime > this.#trustMs) {
      return undefined;
    }
    const { available } = known.levels;
    return items.find(({ ticketTypeId, quantity }) => {
      const left = available.get(ticketTypeId);
      return left !== undefined && left < quantity;
    })?.ticketTypeId;
  }
}
