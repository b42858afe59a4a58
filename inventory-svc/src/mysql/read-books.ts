import { uuidTable } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { PoolConnection } from "mysql2/promise";
import type { LedgerQuery } from "../app/ledger.ts";
import type { Allocation, Book } from "../domain/ledger.ts";
import { type CapacityRecord, selectCapacityChanges, toCapacityChange } from "./capacity-rows.ts";
import {
  type EventChangeRecord,
  selectEventChanges,
  selectTerms,
  toEventChange,
} from "./event-change-rows.ts";
import { type EventRecord as TermsRecord, toTerms } from "./event-records.ts";
import {
  ALLOCATION_COLUMNS,
  type AllocationRecord,
  EVENT_COLUMNS,
  type EventRecord,
  STATE_NUMBERS,
  STOCK_COLUMNS,
  type StockRecord,
  toAllocation,
  toSaleRules,
  toStockLine,
} from "./ledger-rows.ts";
import { RoundTrip } from "./round-trip.ts";
import { sqlIn } from "./sql-in.ts";

const { HELD, COMMITTED } = STATE_NUMBERS;

interface TimedStockRecord extends StockRecord {
  event_id: Buffer;
  /** When it was read. */
  now: Date;
}

interface UnitsRecord {
  event_id: Buffer;
  user_id: Buffer;
  /** Null for who has none. */
  units: string | null;
}

/** Whose units to sum, in one event. */
interface UnitsWish {
  eventId: string;
  users: readonly string[];
}

/** How books are read. */
export interface ReadOptions {
  /** Ends the statements that read what may be written. */
  lock: string;
  /** False when the allocations that are to be made are taken to be new. */
  hasReplays: boolean;
}

/** True for a wish to make allocations; otherwise they exist, and are to be changed. */
export function isMaking({ unitsOf }: LedgerQuery): boolean {
  return unitsOf !== "released" && unitsOf.length > 0;
}

/**
 * Starts a transaction, locks events in the order of their ids, and reads their books; unknown
 * events are missing. No event may be asked for twice.
 *
 * One round trip, and a second one when released allocations' owners are asked for and there are
 * any. The indexes are named because a table that grows by thousands of rows a second has no
 * statistics yet, and of a table of which a batch wants much MySQL locks all.
 */
export async function readBooks(
  connection: PoolConnection,
  queries: readonly LedgerQuery[],
  { lock, hasReplays }: ReadOptions,
): Promise<Map<string, Book>> {
  const eventIds = queries.map(({ eventId }) => eventId);
  const idsOf = (some: readonly LedgerQuery[]) => some.flatMap((query) => query.allocationIds);
  const seenIds = hasReplays ? idsOf(queries.filter(isMaking)) : [];
  const changingIds = idsOf(queries.filter((one) => !isMaking(one)));
  const wishes = queries.map(({ eventId, unitsOf }) => ({
    eventId,
    users: unitsOf === "released" ? [] : unitsOf,
  }));
  const changeIds = queries.flatMap(({ capacityChangeId: id }) => (id === undefined ? [] : [id]));
  const changed = queries.filter(({ eventChangeId }) => eventChangeId !== undefined);
  const round = new RoundTrip();
  round.ask("START TRANSACTION");
  const events = round.ask<EventRecord & { id: Buffer }>(
    `SELECT id, ${EVENT_COLUMNS} FROM event FORCE INDEX (event_id)
     WHERE ${sqlIn("id", eventIds)} ORDER BY id ${lock}`,
  );
  // A statement's time is that of its start: this one starts when the locks are granted.
  const stock = round.ask<TimedStockRecord>(
    `SELECT event_id, ${STOCK_COLUMNS}, UTC_TIMESTAMP(3) AS now FROM stock FORCE INDEX (PRIMARY)
     WHERE ${sqlIn("event_id", eventIds)} ORDER BY event_id, position ${lock}`,
  );
  const seen = round.ask<AllocationRecord>(allocationQuery(seenIds, ""));
  const changing = round.ask<AllocationRecord>(allocationQuery(changingIds, lock));
  const units = round.ask<UnitsRecord>(unitsQuery(wishes));
  const changes = round.ask<CapacityRecord>(selectCapacityChanges(changeIds));
  const terms = round.ask<TermsRecord>(
    selectTerms(
      changed.map(({ eventId }) => eventId),
      lock,
    ),
  );
  const eventChanges = round.ask<EventChangeRecord>(
    selectEventChanges(changed.map(({ eventChangeId = "" }) => eventChangeId)),
  );
  await round.run(connection);
  const now = stock()[0]?.now ?? new Date(Number.NaN);
  const allocations = byId([...seen(), ...changing()].map(toAllocation));
  const lapsed = await readOwners(connection, queries, allocations);
  const unitsByEvent = unitsOf([...units(), ...lapsed]);
  const stockByEvent = Map.groupBy(stock(), ({ event_id }) => uuidFromBytes(event_id));
  const records = new Map(events().map((record) => [uuidFromBytes(record.id), record]));
  const changesById = byId(changes().map(toCapacityChange));
  const termsById = new Map(terms().map((record) => [uuidFromBytes(record.id), toTerms(record)]));
  const eventChangesById = byId(eventChanges().map(toEventChange));
  const books = new Map<string, Book>();
  for (const { eventId, allocationIds, capacityChangeId = "", eventChangeId = "" } of queries) {
    const capacityChange = changesById.get(capacityChangeId);
    const eventChange = eventChangesById.get(eventChangeId);
    const ownTerms = termsById.get(eventId);
    const record = records.get(eventId);
    if (record !== undefined) {
      books.set(eventId, {
        now,
        event: toSaleRules(eventId, record),
        stock: (stockByEvent.get(eventId) ?? []).map(toStockLine),
        allocations: pick(allocations, allocationIds),
        unitsByUser: unitsByEvent.get(eventId) ?? new Map(),
        ...(capacityChange && { capacityChange }),
        ...(ownTerms && { terms: ownTerms }),
        ...(eventChange && { eventChange }),
      });
    }
  }
  return books;
}

/** Looks up which of the allocations that were to be made exist already. */
export async function withReplays(
  connection: PoolConnection,
  book: Book,
  { allocationIds }: LedgerQuery,
): Promise<Book> {
  const round = new RoundTrip();
  const seen = round.ask<AllocationRecord>(allocationQuery(allocationIds, ""));
  await round.run(connection);
  return { ...book, allocations: byId(seen().map(toAllocation)) };
}

/** The units of the owners of released allocations, whom the first round trip has found. */
async function readOwners(
  connection: PoolConnection,
  queries: readonly LedgerQuery[],
  allocations: ReadonlyMap<string, Allocation>,
): Promise<readonly UnitsRecord[]> {
  const wishes = queries.flatMap(({ eventId, allocationIds, unitsOf }) => {
    const users = allocationIds.flatMap((id) => {
      const allocation = allocations.get(id);
      return allocation?.state === "RELEASED" ? [allocation.userId] : [];
    });
    return unitsOf === "released" ? [{ eventId, users }] : [];
  });
  const round = new RoundTrip();
  const units = round.ask<UnitsRecord>(unitsQuery(wishes));
  await round.run(connection);
  return units();
}

function allocationQuery(ids: readonly string[], lock: string): string | undefined {
  if (ids.length === 0) {
    return undefined;
  }
  return `SELECT ${ALLOCATION_COLUMNS} FROM allocation FORCE INDEX (allocation_id)
    WHERE ${sqlIn("id", ids)} ORDER BY id ${lock}`;
}

function unitsQuery(wishes: readonly UnitsWish[]): string | undefined {
  const owners = wishes.flatMap(({ eventId, users }) => users.map((userId) => [eventId, userId]));
  if (owners.length === 0) {
    return undefined;
  }
  return `SELECT UNHEX(owner.event) AS event_id, UNHEX(owner.user) AS user_id,
      (SELECT SUM(units) FROM allocation FORCE INDEX (allocation_user)
       WHERE event_id = UNHEX(owner.event) AND user_id = UNHEX(owner.user)
         AND state IN (${HELD}, ${COMMITTED})) AS units
    FROM ${uuidTable("owner", ["event", "user"], owners)}`;
}

function unitsOf(records: readonly UnitsRecord[]): Map<string, Map<string, number>> {
  const byEvent = new Map<string, Map<string, number>>();
  for (const { event_id, user_id, units } of records) {
    const eventId = uuidFromBytes(event_id);
    const byUser = byEvent.get(eventId) ?? new Map<string, number>();
    byUser.set(uuidFromBytes(user_id), Number(units));
    byEvent.set(eventId, byUser);
  }
  return byEvent;
}

function byId<T extends { id: string }>(all: readonly T[]): Map<string, T> {
  return new Map(all.map((one) => [one.id, one]));
}

function pick<T>(all: ReadonlyMap<string, T>, ids: readonly string[]): Map<string, T> {
  const picked = new Map<string, T>();
  for (const id of ids) {
    const one = all.get(id);
    if (one !== undefined) {
      picked.set(id, one);
    }
  }
  return picked;
}
