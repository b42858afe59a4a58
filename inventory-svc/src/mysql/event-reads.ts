import { Finder } from "@tessera/service-kit/finder";
import { Lane } from "@tessera/service-kit/lane";
import { withConnection } from "@tessera/service-kit/mysql";
import { uuidFromBytes, uuidToBytes } from "@tessera/service-kit/uuid";
import type { Pool, RowDataPacket } from "mysql2/promise";
import type { Event } from "../domain/event.ts";
import type { StockLine } from "../domain/ledger.ts";
import { BOUNDED_SELECT, READ_TIMEOUT_MS } from "./bounded-select.ts";
import {
  EVENT_FIELDS,
  type EventRecord,
  eventReader,
  type TypeRecord,
  typeQuery,
} from "./event-records.ts";
import { STOCK_COLUMNS, type StockRecord, toStockLine } from "./ledger-rows.ts";
import { sqlIn } from "./sql-in.ts";

/** Reads that one statement serves, statements at once, and reads that wait: of each kind. */
const LIMITS = { maxBatch: 128, maxInFlight: 2, maxQueue: 4_000 };

/** Lists share no statements, and the pool with the ledger: so many at once, and so many that wait. */
const LIST_LIMITS = { maxInFlight: 4, maxQueue: 256 };

/**
 * Reads of events. Those of single ones by many callers at once are combined: what arrives while
 * others are under way shares their statements. Plain SQL, because mapping rows to entities costs
 * several times what MySQL takes to find them.
 */
export class EventReads {
  readonly #pool: Pool;
  readonly #waitMs: number;
  readonly #events: Finder<Event>;
  readonly #stocks: Finder<StockLine[]>;
  readonly #lists = new Lane({ name: "the queue of lists of events", ...LIST_LIMITS });

  /** What waits for `waitMs` milliseconds is not read any more: its caller has given up. */
  constructor(pool: Pool, { waitMs = READ_TIMEOUT_MS } = {}) {
    this.#pool = pool;
    this.#waitMs = waitMs;
    this.#events = new Finder({
      name: "the queue of events to read",
      find: (ids) => this.#readEvents(ids),
      ...LIMITS,
    });
    this.#stocks = new Finder({
      name: "the queue of stock to read",
      find: (ids) => this.#readStocks(ids),
      ...LIMITS,
    });
  }

  /** How many reads of each kind wait. */
  get depths() {
    const [events, stocks, lists] = [this.#events, this.#stocks, this.#lists];
    return { event: () => events.depth, stock: () => stocks.depth, list: () => lists.depth };
  }

  /** An event, or undefined when there is none. */
  event(id: string): Promise<Event | undefined> {
    return this.#events.find(id, performance.now() + this.#waitMs);
  }

  /** The hash of the request that made an event, or undefined when there is none. */
  async requestHash(id: string): Promise<string | undefined> {
    const sql = `${BOUNDED_SELECT} request_hash FROM event WHERE id = ?`;
    const [record] = (await this.#query(sql, [uuidToBytes(id)])) as { request_hash: Buffer }[];
    return record === undefined ? undefined : uuidFromBytes(record.request_hash);
  }

  /** The stock of an event's ticket types in its order, or undefined for an unknown event. */
  stock(eventId: string): Promise<StockLine[] | undefined> {
    return this.#stocks.find(eventId, performance.now() + this.#waitMs);
  }

  /**
   * The events that a statement finds, in its order; it selects `seq` and `EVENT_FIELDS`. Not begun
   * once it is `deadline`, a performance.now() time.
   */
  list(
    sql: string,
    values: unknown[],
    deadline?: number,
  ): Promise<{ event: Event; seq: number }[]> {
    return this.#lists.run(async () => {
      const records = (await this.#query(sql, values)) as (EventRecord & { seq: number })[];
      if (records.length === 0) {
        return [];
      }
      const types = await this.#query(typeQuery(records.map(({ id }) => uuidFromBytes(id))));
      const eventOf = eventReader(types as TypeRecord[]);
      return records.map((record) => ({ event: eventOf(record), seq: Number(record.seq) }));
    }, deadline);
  }

  async #readEvents(ids: readonly string[]): Promise<Map<string, Event>> {
    const [records, types] = (await this.#query(
      `${BOUNDED_SELECT} ${EVENT_FIELDS} FROM event FORCE INDEX (event_id) WHERE ${sqlIn("id", ids)};
       ${typeQuery(ids)}`,
    )) as [EventRecord[], TypeRecord[]];
    const events = records.map(eventReader(types));
    return new Map(events.map((event) => [event.id, event]));
  }

  /** One statement, so what is left of one event's ticket types is what it was at one moment. */
  async #readStocks(eventIds: readonly string[]): Promise<Map<string, StockLine[]>> {
    const records = (await this.#query(
      `${BOUNDED_SELECT} event_id, ${STOCK_COLUMNS} FROM stock WHERE ${sqlIn("event_id", eventIds)}
       ORDER BY event_id, position`,
    )) as (StockRecord & { event_id: Buffer })[];
    const byEvent = Map.groupBy(records, ({ event_id }) => uuidFromBytes(event_id));
    return new Map([...byEvent].map(([id, some]) => [id, some.map(toStockLine)]));
  }

  async #query(sql: string, values: unknown[] = []): Promise<unknown> {
    const [rows] = await withConnection(
      this.#pool,
      (connection) => connection.query<RowDataPacket[]>(sql, values),
      { timeoutMs: READ_TIMEOUT_MS },
    );
    return rows;
  }
}
