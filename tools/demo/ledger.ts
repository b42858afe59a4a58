import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import type { PerSchema } from "@tessera/testkit/schemas";
import { createConnection, type RowDataPacket } from "mysql2/promise";

/** One ticket type's counters. */
export interface StockRow {
  name: string;
  capacity: number;
  available: number;
  held: number;
  sold: number;
}

/** What both databases say about one event, read at one moment each. */
export interface LedgerReading {
  stock: StockRow[];
  /** Units in allocations, per ticket type and state. */
  allocated: { held: number; sold: number }[];
  /** The most that one user has, held and sold together. */
  mostPerUser: number;
  maxPerUser: number;
  /** The state of every reservation of the event, by id. */
  reservations: Map<string, number>;
  /** The state of every allocation of the event, by id. */
  allocations: Map<string, number>;
}

/** How `allocation.state` is stored. */
export const ALLOCATION = { held: 1, sold: 2, released: 3 };

/** Reads what there is to know about an event, straight from the tables. */
export async function readLedger(urls: PerSchema, eventId: string): Promise<LedgerReading> {
  const inventory = await readInventory(urls.inventory, uuidToBytes(eventId));
  const rows = await select(urls.reservation, [
    "SELECT id, state FROM reservation WHERE event_id = ?",
    [uuidToBytes(eventId)],
  ]);
  return { ...inventory, reservations: statesById(rows[0] ?? []) };
}

async function readInventory(
  url: string,
  eventId: Buffer,
): Promise<Omit<LedgerReading, "reservations">> {
  const [stock = [], allocations = [], events = []] = await select(
    url,
    [
      `SELECT name, capacity, available, held, sold FROM stock
       WHERE event_id = ? ORDER BY position`,
      [eventId],
    ],
    ["SELECT id, user_id, state, content, units FROM allocation WHERE event_id = ?", [eventId]],
    ["SELECT max_per_user FROM event WHERE id = ?", [eventId]],
  );
  const allocated = stock.map(() => ({ held: 0, sold: 0 }));
  const perUser = new Map<string, number>();
  for (const { user_id, state, content, units } of allocations) {
    if (state === ALLOCATION.released) {
      continue;
    }
    const user = uuidFromBytes(user_id);
    perUser.set(user, (perUser.get(user) ?? 0) + Number(units));
    for (const part of String(content).split(",")) {
      const [position = -1, quantity = 0] = part.split(":").map(Number);
      const type = allocated[position];
      if (type !== undefined) {
        type[state === ALLOCATION.sold ? "sold" : "held"] += quantity;
      }
    }
  }
  return {
    stock: stock as StockRow[],
    allocated,
    mostPerUser: Math.max(0, ...perUser.values()),
    maxPerUser: Number(events[0]?.max_per_user),
    allocations: statesById(allocations),
  };
}

function statesById(rows: readonly RowDataPacket[]): Map<string, number> {
  return new Map(rows.map(({ id, state }) => [uuidFromBytes(id), Number(state)]));
}

/** Runs queries in one transaction, so that all of them see the same moment. */
async function select(
  url: string,
  ...queries: readonly (readonly [string, unknown[]])[]
): Promise<RowDataPacket[][]> {
  const connection = await createConnection({ uri: url, timezone: "Z", connectTimeout: 5_000 });
  try {
    await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
    const results: RowDataPacket[][] = [];
    for (const [sql, values] of queries) {
      results.push((await connection.query<RowDataPacket[]>(sql, values))[0]);
    }
    return results;
  } finally {
    await connection.end();
  }
}
