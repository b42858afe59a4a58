import { Batcher } from "@tessera/service-kit/batcher";
import { withConnection } from "@tessera/service-kit/mysql";
import { ServiceError } from "@tessera/service-kit/service-error";
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
const LIST_LIMITS = { maxBatch: 1, maxInFlight: 4, maxQueue: 256 };

/**
 * Reads of events. Those of single ones by many callers at once are combined: what arrives while
 * others are under way shares their statements. Plain SQL, because mapping rows to entities costs
 * several times what MySQL takes to find them.
 */
export class EventReads {
  readonly #pool: Pool;
  readonly #now: () => number;
  readonly #events: Batcher<Wish, Found<Event>>;
  readonly #stocks: Batcher<Wish, Found<StockLine[]>>;
  readonly #lists: Batcher<ListWish, Listed>;

  /** `now` is a time in milliseconds, from any beginning. */
  constructor(pool: Pool, now: () => number = () => performance.now()) {
    this.#pool = pool;
    this.#now = now;
    this.#events = new Batcher({
      name: "the queue of events to read",
      run: (wishes) => this.#serve(wishes, (ids) => this.#readEvents(ids)),
      ...LIMITS,
    });
    this.#stocks = new Batcher({
      name: "the queue of stock to read",
      run: (wishes) => this.#serve(wishes, (ids) => this.#readStocks(ids)),
      ...LIMITS,
    });
    this.#lists = new Batcher({
      name: "the queue of lists of events",
      run: (wishes) => Promise.all(wishes.map((wish) => this.#serveList(wish))),
      ...LIST_LIMITS,
    });
  }

  /** An event, or undefined when there is none. */
  async event(id: string): Promise<Event | undefined> {
    return (await this.#events.submit({ id, startTime: this.#now() })).found;
  }

  /** The hash of the request that made an event, or undefined when there is none. */
  async requestHash(id: string): Promise<string | undefined> {
    const sql = `${BOUNDED_SELECT} request_hash FROM event WHERE id = ?`;
    const [record] = (await this.#query(sql, [uuidToBytes(id)])) as { request_hash: Buffer }[];
    return record === undefined ? undefined : uuidFromBytes(record.request_hash);
  }

  /** The stock of an event's ticket types in its order, or undefined for an unknown event. */
  async stock(eventId: string): Promise<StockLine[] | undefined> {
    return (await this.#stocks.submit({ id: eventId, startTime: this.#now() })).found;
  }

  /**
   * The events that a statement finds, in its order; it selects `seq` and `EVENT_FIELDS`. Not begun
   * once it is `deadline`, a performance.now() time.
   */
  list(sql: string, values: unknown[], deadline?: number): Promise<Listed> {
    return this.#lists.submit({ sql, values }, deadline);
  }

  async #serveList({ sql, values }: ListWish): Promise<Listed> {
    const records = (await this.#query(sql, values)) as (EventRecord & { seq: number })[];
    if (records.length === 0) {
      return [];
    }
    const types = await this.#query(typeQuery(records.map(({ id }) => uuidFromBytes(id))));
    const eventOf = eventReader(types as TypeRecord[]);
    return records.map((record) => ({ event: eventOf(record), seq: Number(record.seq) }));
  }

  /** What waited too long is not read any more: its caller has given up. */
  async #serve<T>(
    wishes: readonly Wish[],
    readAll: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>,
  ): Promise<(Found<T> | Error)[]> {
    const earliestTime = this.#now() - READ_TIMEOUT_MS;
    const isInTime = ({ startTime }: Wish) => startTime >= earliestTime;
    const ids = new Set(wishes.filter(isInTime).map(({ id }) => id));
    const found = ids.size === 0 ? new Map<string, T>() : await readAll([...ids]);
    return wishes.map((wish) => (isInTime(wish) ? { found: found.get(wish.id) } : waitedTooLong()));
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

/** One read that waits. */
interface Wish {
  id: string;
  startTime: number;
}

/** One list that waits. */
interface ListWish {
  sql: string;
  values: unknown[];
}

/** What a list finds. */
type Listed = { event: Event; seq: number }[];

/** What became of one read: a batch's answers are never undefined. */
interface Found<T> {
  found: T | undefined;
}

function waitedTooLong(): ServiceError {
  return new ServiceError("DEADLINE_EXCEEDED", "the read waited too long to begin");
}
