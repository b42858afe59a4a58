import { asError, eventNotFound } from "../domain/errors.ts";
import type { StockLine } from "../domain/ledger.ts";
import type { EventStore } from "./event-store.ts";

/** Gets what is left of each ticket type, at one moment, or throws EVENT_NOT_FOUND. */
export async function getAvailability(store: EventStore, eventId: string): Promise<StockLine[]> {
  const stock = await store.stockOf(eventId);
  if (stock.length === 0) {
    throw asError(eventNotFound(eventId));
  }
  return stock;
}
