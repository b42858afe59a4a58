import { uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { PerSchema } from "./schemas.ts";

/** What to check. */
export interface InvariantOptions {
  /** This event alone; otherwise all of them. */
  eventId?: string;
  /**
   * True when nothing is under way: then the ledger and the reservations must agree as well. While
   * buyers are being served, one is always a step ahead of the other.
   */
  isSettled: boolean;
}

/** As inventory-svc stores states of allocations, and reservation-svc those of reservations. */
const ALLOCATION = { held: 1, committed: 2, released: 3, voided: 4 } as const;
const RESERVATION = { held: 1, confirming: 2, confirmed: 3, cancelled: 4, expired: 5 } as const;

/** The state of an allocation that goes with each state of its reservation. */
const COUNTERPARTS: Readonly<Record<number, readonly number[]>> = {
  [RESERVATION.held]: [ALLOCATION.held],
  [RESERVATION.confirming]: [ALLOCATION.held, ALLOCATION.committed, ALLOCATION.released],
  [RESERVATION.confirmed]: [ALLOCATION.committed],
  [RESERVATION.cancelled]: [ALLOCATION.voided],
  [RESERVATION.expired]: [ALLOCATION.released],
};

/** More violations of one rule than this are counted and not listed. */
const LISTED_MAX = 5;

/**
 * Reads the schemas and lists every broken promise, in words; empty when all are kept:
 *
 * - each ticket type's `available + held + sold = capacity`, and none of them is negative;
 * - held and sold are what the allocations add up to, ticket type by ticket type;
 * - nobody has more units of an event than it allows;
 * - when settled: each allocation has its reservation and the other way round, in states that go
 *   together, and the last move in the outbox is the state that the reservation is in.
 */
export async function violationsOf(
  urls: Pick<PerSchema, "inventory" | "reservation">,
  options: InvariantOptions,
): Promise<string[]> {
  const inventory = await open(urls.inventory);
  const reservation = await open(urls.reservation);
  try {
    const found = [
      ...(await stockViolations(inventory, options)),
      ...(await limitViolations(inventory, options)),
    ];
    if (options.isSettled) {
      found.push(...(await disagreements(inventory, reservation, options)));
      found.push(...(await outboxViolations(reservation, options)));
    }
    return found;
  } finally {
    inventory.destroy();
    reservation.destroy();
  }
}

async function stockViolations(inventory: Connection, options: InvariantOptions) {
  const stock = await rowsOf(
    inventory,
    `SELECT event_id, position, capacity, available, held, sold FROM stock
     WHERE ${eventIs(options)}`,
  );
  const counted = await countedUnits(inventory, options);
  const found: string[] = [];
  for (const { event_id, position, capacity, available, held, sold } of stock) {
    const name = `ticket type ${position} of event ${uuidFromBytes(event_id)}`;
    const levels = `capacity ${capacity}, available ${available}, held ${held}, sold ${sold}`;
    if (available + held + sold !== capacity || Math.min(available, held, sold) < 0) {
      found.push(`${name} does not add up: ${levels}`);
    }
    const units = counted.get(`${uuidFromBytes(event_id)} ${position}`) ?? { held: 0, sold: 0 };
    if (units.held !== held || units.sold !== sold) {
      found.push(`${name} has ${levels}, but allocations ${units.held} held, ${units.sold} sold`);
    }
    if (units.held + units.sold > capacity) {
      found.push(`${name} is OVERSOLD: ${units.held + units.sold} of ${capacity}`);
    }
  }
  return listed(found);
}

/** What allocations have, by event and position. */
async function countedUnits(inventory: Connection, options: InvariantOptions) {
  const rows = await rowsOf(
    inventory,
    `SELECT event_id, state, content, COUNT(*) AS times FROM allocation
     WHERE ${eventIs(options)} AND state IN (${ALLOCATION.held}, ${ALLOCATION.committed})
     GROUP BY event_id, state, content`,
  );
  const counted = new Map<string, { held: number; sold: number }>();
  for (const { event_id, state, content, times } of rows) {
    for (const line of String(content).split(",")) {
      const [position = "", quantity = ""] = line.split(":");
      const key = `${uuidFromBytes(event_id)} ${position}`;
      const units = counted.get(key) ?? { held: 0, sold: 0 };
      units[state === ALLOCATION.held ? "held" : "sold"] += Number(quantity) * Number(times);
      counted.set(key, units);
    }
  }
  return counted;
}

async function limitViolations(inventory: Connection, options: InvariantOptions) {
  const rows = await rowsOf(
    inventory,
    `SELECT a.event_id, a.user_id, SUM(a.units) AS units, e.max_per_user
     FROM allocation a JOIN event e ON e.id = a.event_id
     WHERE ${eventIs(options, "a.")} AND a.state IN (${ALLOCATION.held}, ${ALLOCATION.committed})
     GROUP BY a.event_id, a.user_id, e.max_per_user HAVING units > e.max_per_user`,
  );
  return listed(
    rows.map(
      ({ event_id, user_id, units, max_per_user }) =>
        `user ${uuidFromBytes(user_id)} has ${units} units of event ${uuidFromBytes(event_id)}, ` +
        `which allows ${max_per_user}`,
    ),
  );
}

/** What one service believes and the other does not. */
async function disagreements(
  inventory: Connection,
  reservation: Connection,
  options: InvariantOptions,
) {
  const sql = (table: string) => `SELECT id, state FROM ${table} WHERE ${eventIs(options)}`;
  const allocated = await rowsOf(inventory, sql("allocation"));
  const reserved = await rowsOf(reservation, sql("reservation"));
  const allocations = new Map(allocated.map(({ id, state }) => [uuidFromBytes(id), state]));
  const found: string[] = [];
  for (const row of reserved) {
    const id = uuidFromBytes(row.id);
    const allocation = allocations.get(id);
    if (allocation === undefined || !COUNTERPARTS[row.state]?.includes(allocation)) {
      const what = `${nameOf(RESERVATION, row.state)}`;
      found.push(`reservation ${id} is ${what}, its allocation ${nameOf(ALLOCATION, allocation)}`);
    }
    allocations.delete(id);
  }
  for (const [id, state] of allocations) {
    if (state !== ALLOCATION.released) {
      found.push(`allocation ${id} is ${nameOf(ALLOCATION, state)} and has no reservation`);
    }
  }
  return listed(found);
}

/** A confirmation that has only begun is not a move that consumers are told of. */
async function outboxViolations(reservation: Connection, options: InvariantOptions) {
  const rows = await rowsOf(
    reservation,
    `SELECT r.id, r.state, o.payload FROM reservation r
     JOIN (SELECT reservation_id, MAX(seq) AS seq FROM outbox GROUP BY reservation_id) last
       ON last.reservation_id = r.id
     JOIN outbox o ON o.seq = last.seq
     WHERE ${eventIs(options, "r.")} AND r.state <> ${RESERVATION.confirming}`,
  );
  const found: string[] = [];
  for (const { id, state, payload } of rows) {
    const told = String(JSON.parse(payload).state).toLowerCase();
    if (told !== nameOf(RESERVATION, state)) {
      const name = `reservation ${uuidFromBytes(id)}`;
      found.push(`${name} is ${nameOf(RESERVATION, state)}, but ${told} was published last`);
    }
  }
  return listed(found);
}

function nameOf(states: Readonly<Record<string, number>>, number: number | undefined): string {
  return Object.entries(states).find(([, value]) => value === number)?.[0] ?? "missing";
}

function listed(found: readonly string[]): string[] {
  const more = found.length - LISTED_MAX;
  return [...found.slice(0, LISTED_MAX), ...(more > 0 ? [`… and ${more} more like the last`] : [])];
}

function eventIs({ eventId }: InvariantOptions, prefix = ""): string {
  return eventId === undefined ? "TRUE" : `${prefix}event_id = ${uuidLiteral(eventId)}`;
}

async function open(uri: string): Promise<Connection> {
  const connection = await createConnection({ uri, timezone: "Z", connectTimeout: 5_000 });
  // A broken connection also fails the query that runs; nobody else listens.
  connection.on("error", () => undefined);
  return connection;
}

async function rowsOf(connection: Connection, sql: string): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: 60_000 });
  return rows;
}
