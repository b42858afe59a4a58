import { timeLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import { violationsOf } from "@tessera/testkit/invariants";
import { openReader, rowsOf } from "@tessera/testkit/invariants/reader";
import { ALLOCATION, nameOf, RESERVATION } from "@tessera/testkit/invariants/states";
import type { PerSchema } from "@tessera/testkit/schemas";
import type { Connection, RowDataPacket } from "mysql2/promise";
import type { EventOnSale } from "../event-on-sale.ts";
import {
  type Allocation,
  type Evidence,
  type Move,
  moveOf,
  type RequestKey,
  type Reservation,
  type Stock,
} from "./evidence.ts";

/** Rows that were there before a round, which is not about them. */
export interface Marks {
  reservationSeq: number;
  outboxSeq: number;
}

/** What to read. */
export interface GatherOptions {
  mysqlUrls: PerSchema;
  /** Only what belongs to these is read. */
  events: readonly EventOnSale[];
  /** What a consumer of the event stream was told of them. */
  stream: readonly Move[];
  /** When all was quiet, in milliseconds since the history began. */
  quietMs: number;
  /** Spares the reading of earlier rounds' rows. */
  after?: Marks;
}

/** Tables that have no index by event are walked in slices of so many numbers. */
const SLICE = 100_000;
/** Ids in one statement, at most. */
const IDS = 1_000;

/** Remembers how far the tables go now. */
export async function marksOf(mysqlUrls: PerSchema): Promise<Marks> {
  const reservation = await openReader(mysqlUrls.reservation);
  try {
    const seqOf = async (table: string) => {
      const [row] = await rowsOf(reservation, `SELECT MAX(seq) AS seq FROM ${table}`);
      return Number(row?.seq ?? 0);
    };
    return { reservationSeq: await seqOf("reservation"), outboxSeq: await seqOf("outbox") };
  } finally {
    reservation.destroy();
  }
}

/** Reads what the three databases have of a round's events. Rejects when one does not answer. */
export async function gather(options: GatherOptions): Promise<Evidence> {
  const { mysqlUrls, events, stream, quietMs, after } = options;
  const inventory = await openReader(mysqlUrls.inventory);
  const reservation = await openReader(mysqlUrls.reservation);
  const user = await openReader(mysqlUrls.user);
  try {
    const ids = events.map(({ id }) => uuidToBytes(id));
    const stock = await stockOf(inventory, ids);
    const allocations = await allocationsOf(inventory, ids, stock);
    const reservations = await reservationsOf(reservation, ids, after?.reservationSeq ?? 0);
    const ledger: string[] = [];
    for (const { id } of events) {
      const afterSeq = after?.reservationSeq ?? 0;
      ledger.push(...(await violationsOf(mysqlUrls, { eventId: id, isSettled: true, afterSeq })));
    }
    // Taken before it is asked: the history is never thought to be older than it is.
    const readMs = performance.now();
    const [clock] = await rowsOf(reservation, "SELECT UTC_TIMESTAMP(3) AS now");
    return {
      ...{ events, stock, allocations, reservations, stream, quietMs, ledger },
      requestKeys: await requestKeysOf(reservation, reservations),
      moves: await movesOf(reservation, events, after?.outboxSeq ?? 0),
      accounts: await accountsOf(user, [...allocations, ...reservations]),
      readTime: clock?.now.getTime(),
      readMs,
    };
  } finally {
    inventory.destroy();
    reservation.destroy();
    user.destroy();
  }
}

async function stockOf(inventory: Connection, events: readonly Buffer[]): Promise<Stock[]> {
  const columns = "event_id, id, capacity, available, held, sold";
  const rows = await among(events, (some) =>
    rowsOf(
      inventory,
      `SELECT ${columns} FROM stock WHERE event_id IN (${placesFor(some)})
       ORDER BY event_id, position`,
      some,
    ),
  );
  return rows.map(({ event_id, id, capacity, available, held, sold }) => {
    const names = { eventId: uuidFromBytes(event_id), ticketTypeId: uuidFromBytes(id) };
    return { ...names, capacity, available, held, sold };
  });
}

async function allocationsOf(
  inventory: Connection,
  events: readonly Buffer[],
  stock: readonly Stock[],
): Promise<Allocation[]> {
  const types = Map.groupBy(stock, ({ eventId }) => eventId);
  const rows = await among(events, (some) =>
    rowsOf(
      inventory,
      `SELECT id, event_id, user_id, state, content FROM allocation
       WHERE event_id IN (${placesFor(some)})`,
      some,
    ),
  );
  return rows.map(({ id, event_id, user_id, state, content }) => {
    const eventId = uuidFromBytes(event_id);
    const items = String(content)
      .split(",")
      .map((line) => {
        const [position = "", quantity = ""] = line.split(":");
        const ticketTypeId = types.get(eventId)?.[Number(position)]?.ticketTypeId ?? "";
        return { ticketTypeId, quantity: Number(quantity) };
      });
    return {
      ...{ id: uuidFromBytes(id), eventId, userId: uuidFromBytes(user_id), items },
      state: allocationState(state),
    };
  });
}

function allocationState(code: number): Allocation["state"] {
  switch (code) {
    case ALLOCATION.held:
      return "HELD";
    case ALLOCATION.committed:
      return "COMMITTED";
    case ALLOCATION.released:
      return "RELEASED";
    case ALLOCATION.voided:
      return "VOIDED";
    default:
      throw new RangeError(`no allocation state has the number ${code}`);
  }
}

async function reservationsOf(
  connection: Connection,
  events: readonly Buffer[],
  afterSeq: number,
): Promise<Reservation[]> {
  const columns = `id, event_id, user_id, state, items, total_minor, create_time,
    first_expire_time, expire_time, payment_reference, extend_count`;
  const rows = await inSlices(connection, "reservation", afterSeq, (from, to) =>
    rowsOf(
      connection,
      `SELECT ${columns} FROM reservation
       WHERE seq > ? AND seq <= ? AND event_id IN (${placesFor(events)}) ORDER BY seq`,
      [from, to, ...events],
    ),
  );
  return rows.map((row) => {
    const items: [string, number][] = JSON.parse(row.items);
    return {
      id: uuidFromBytes(row.id),
      eventId: uuidFromBytes(row.event_id),
      userId: uuidFromBytes(row.user_id),
      state: nameOf(RESERVATION, row.state).toUpperCase(),
      items: items.map(([ticketTypeId, quantity]) => ({ ticketTypeId, quantity })),
      totalMinor: Number(row.total_minor),
      createTime: row.create_time.getTime(),
      firstExpireTime: row.first_expire_time.getTime(),
      expireTime: row.expire_time.getTime(),
      paymentReference: row.payment_reference ?? "",
      extendCount: row.extend_count,
    };
  });
}

/** Keys have no index but their own: they are as many as there are requests, and few are older. */
async function requestKeysOf(
  connection: Connection,
  reservations: readonly Reservation[],
): Promise<RequestKey[]> {
  const oldest = reservations.reduce((low, one) => Math.min(low, one.createTime), Date.now());
  const wanted = new Set(reservations.map(({ id }) => id));
  const rows = await rowsOf(
    connection,
    `SELECT key_id, reservation_id FROM request_key
     WHERE create_time >= ${timeLiteral(new Date(oldest))}`,
  );
  return rows
    .map(({ key_id, reservation_id }) => ({
      keyId: uuidFromBytes(key_id),
      reservationId: uuidFromBytes(reservation_id),
    }))
    .filter(({ reservationId }) => wanted.has(reservationId));
}

async function movesOf(
  connection: Connection,
  events: readonly EventOnSale[],
  afterSeq: number,
): Promise<Move[]> {
  const wanted = new Set(events.map(({ id }) => id));
  const rows = await inSlices(connection, "outbox", afterSeq, (from, to) =>
    rowsOf(connection, "SELECT seq, payload FROM outbox WHERE seq > ? AND seq <= ? ORDER BY seq", [
      from,
      to,
    ]),
  );
  return rows
    .map(({ seq, payload }) => moveOf(Number(seq), payload))
    .filter(({ eventId }) => wanted.has(eventId));
}

async function accountsOf(
  user: Connection,
  claims: readonly { userId: string }[],
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(claims.map(({ userId }) => userId))].map(uuidToBytes);
  const rows = await among(ids, (some) =>
    rowsOf(user, `SELECT id FROM user WHERE id IN (${placesFor(some)})`, some),
  );
  return new Set(rows.map(({ id }) => uuidFromBytes(id)));
}

function placesFor(values: readonly Buffer[]): string {
  return values.length === 0 ? "NULL" : values.map(() => "?").join(", ");
}

async function among(
  ids: readonly Buffer[],
  read: (some: readonly Buffer[]) => Promise<RowDataPacket[]>,
): Promise<RowDataPacket[]> {
  // Rows are added one by one: a spread of so many would not fit on the stack.
  const rows: RowDataPacket[] = [];
  for (let first = 0; first < ids.length; first += IDS) {
    for (const row of await read(ids.slice(first, first + IDS))) {
      rows.push(row);
    }
  }
  return rows;
}

async function inSlices(
  connection: Connection,
  table: string,
  afterSeq: number,
  read: (from: number, to: number) => Promise<RowDataPacket[]>,
): Promise<RowDataPacket[]> {
  const [highest] = await rowsOf(connection, `SELECT MAX(seq) AS seq FROM ${table}`);
  const rows: RowDataPacket[] = [];
  for (let seq = afterSeq; seq < Number(highest?.seq ?? 0); seq += SLICE) {
    for (const row of await read(seq, seq + SLICE)) {
      rows.push(row);
    }
  }
  return rows;
}
