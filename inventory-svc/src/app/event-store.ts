import type { Event, EventDraft } from "../domain/event.ts";
import type { StockLine } from "../domain/ledger.ts";

/** How a list of events is ordered. */
export type EventSort = "startTime" | "name" | "createTimeDesc";

/** Where a page ended: the sort key and the row's number, which breaks ties. */
export type EventPosition = readonly [key: string | number, seq: number];

/** Which events to list. */
export interface EventQuery {
  sort: EventSort;
  /** Only events whose name begins with this, whatever its case; empty for all. */
  namePrefix: string;
  /** Only events that start then or later; with the order of times alone. */
  startFrom?: Date | undefined;
  after: EventPosition | undefined;
  limit: number;
  /** performance.now() from which nobody waits for the page; never when absent. */
  deadline?: number;
}

/** Where events are kept. */
export interface EventStore {
  /**
   * Stores an event with its stock under the given id; when there is one with that id already,
   * returns that one with the hash it was stored with.
   */
  insertOnce(
    id: string,
    draft: EventDraft,
    requestHash: string,
  ): Promise<{ event: Event; requestHash: string; isNew: boolean }>;
  get(id: string): Promise<Event | undefined>;
  /** A page, and where the next one begins if there is more. */
  list(query: EventQuery): Promise<{ events: Event[]; next: EventPosition | undefined }>;
  /** The stock of an event's ticket types in its order; empty for an unknown event. */
  stockOf(eventId: string): Promise<StockLine[]>;
}
