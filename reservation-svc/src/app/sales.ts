import { ServiceError } from "@tessera/service-kit/service-error";
import { noWaitingRoom, refuse } from "../domain/errors.ts";
import type { Room, Sale, Stock } from "../domain/waiting-room.ts";
import { ReadCache } from "./read-cache.ts";

/** Who knows the events: inventory-svc. */
export interface SaleSource {
  /** Throws EVENT_NOT_FOUND, or what kept it from answering. */
  saleOf(eventId: string): Promise<Sale>;
  /** Throws as `saleOf` does. */
  stockOf(eventId: string): Promise<Stock>;
}

/** Events that are remembered at most. */
const EVENTS_MAX = 10_000;

/** A room's people see within a second that its organiser changed it. */
const RECENT = { freshMs: 500, lateMs: 1_000 };

/**
 * What this process knows of events' sales: how they run for some seconds, or for one where it
 * matters, and for longer while inventory does not answer; what is left for one second.
 */
export class Sales {
  readonly #sales: ReadCache<Sale>;
  readonly #stocks: ReadCache<Stock>;

  constructor(source: SaleSource, now?: () => number) {
    this.#sales = new ReadCache({
      read: (eventId) => source.saleOf(eventId),
      freshMs: 5_000,
      lateMs: 60_000,
      failMs: 600_000,
      maxKeys: EVENTS_MAX,
      now,
    });
    this.#stocks = new ReadCache({
      read: (eventId) => source.stockOf(eventId),
      freshMs: 1_000,
      lateMs: 0,
      // A sign of life counts, though nobody knows what is left.
      failMs: 600_000,
      maxKeys: EVENTS_MAX,
      now,
    });
  }

  /**
   * An event's sale; at once when it is known, and then perhaps as it was a minute ago: whether it has
   * a waiting room never changes. Throws EVENT_NOT_FOUND.
   */
  saleOf(eventId: string): Sale | Promise<Sale> {
    return this.#sales.get(eventId);
  }

  /** The same as it was a second ago at most, or when inventory last answered. */
  recentSaleOf(eventId: string): Sale | Promise<Sale> {
    return this.#sales.get(eventId, RECENT);
  }

  /** An event's waiting room, as recent. Throws EVENT_NOT_FOUND or NO_WAITING_ROOM. */
  async roomOf(eventId: string): Promise<Room> {
    return asRoom(await this.recentSaleOf(eventId)) ?? refuse(noWaitingRoom(eventId));
  }

  /** What was left a second ago at most, or when inventory last answered. */
  async stockOf(eventId: string): Promise<Stock> {
    return await this.#stocks.get(eventId);
  }

  /** What is left now. */
  stockNow(eventId: string): Promise<Stock> {
    return this.#stocks.refresh(eventId);
  }
}

/** The sale as one with a waiting room, if it has one. */
export function asRoom(sale: Sale): Room | undefined {
  const { rules } = sale;
  return rules === undefined ? undefined : { ...sale, rules };
}

/** True when there is no such event, as opposed to nobody who knows. */
export function isUnknownEvent(reason: unknown): boolean {
  return reason instanceof ServiceError && reason.reason === "EVENT_NOT_FOUND";
}
