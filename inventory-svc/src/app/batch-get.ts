import type { Event } from "../domain/event.ts";
import type { StockLine } from "../domain/ledger.ts";
import type { EventStore } from "./event-store.ts";

/** Gets many events, in the order of their ids; unknown ones are left out. */
export async function batchGetEvents(
  store: EventStore,
  ids: readonly string[],
): Promise<readonly Event[]> {
  const found = await Promise.all(ids.map((id) => store.get(id)));
  return found.filter((event) => event !== undefined);
}

/** Gets what is left of many events, in the order of their ids; unknown ones are left out. */
export async function batchGetAvailability(
  store: EventStore,
  eventIds: readonly string[],
): Promise<readonly { eventId: string; stock: readonly StockLine[] }[]> {
  const stocks = await Promise.all(
    eventIds.map(async (eventId) => ({ eventId, stock: await store.stockOf(eventId) })),
  );
  return stocks.filter(({ stock }) => stock.length > 0);
}
