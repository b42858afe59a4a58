import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import { violationsOf } from "@tessera/testkit/invariants";
import { select } from "@tessera/testkit/invariants/reader";
import type { PerSchema } from "@tessera/testkit/schemas";

/** One ticket type's counters. */
export interface StockRow {
  name: string;
  capacity: number;
  available: number;
  held: number;
  sold: number;
}

/** What the databases say about one event. */
export interface LedgerReading {
  stock: StockRow[];
  /** The state of every reservation of the event, by id. */
  reservations: Map<string, number>;
  /** What the databases say that contradicts itself. */
  violations: string[];
}

/** Reads what there is to know about an event, straight from the tables. */
export async function readLedger(urls: PerSchema, eventId: string): Promise<LedgerReading> {
  const id = uuidToBytes(eventId);
  const [stock, reservations, violations] = await Promise.all([
    select(
      urls.inventory,
      `SELECT name, capacity, available, held, sold FROM stock
       WHERE event_id = ? ORDER BY position`,
      [id],
    ),
    select(urls.reservation, "SELECT id, state FROM reservation WHERE event_id = ?", [id]),
    violationsOf(urls, { eventId, isSettled: true }),
  ]);
  return {
    stock: stock as StockRow[],
    reservations: new Map(reservations.map((row) => [uuidFromBytes(row.id), Number(row.state)])),
    violations,
  };
}
