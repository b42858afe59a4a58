import { Batcher } from "@tessera/service-kit/batcher";
import { within } from "@tessera/service-kit/deadline";
import { storeFailure } from "@tessera/service-kit/mysql";
import { whileAnswering } from "@tessera/service-kit/mysql-pulse";
import { ServiceError } from "@tessera/service-kit/service-error";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { Pool, RowDataPacket } from "mysql2/promise";
import type { Event } from "../domain/event.ts";
import type { StockLine } from "../domain/ledger.ts";
import { toEvent } from "./event-rows.ts";
import type { EventRow } from "./event-table.ts";
import { STOCK_COLUMNS, type StockRecord, toStockLine } from "./ledger-rows.ts";
import { sqlIn } from "./sql-in.ts";

/** How long a read may take, in milliseconds. */
export const READ_TIMEOUT_MS = 1_000;

/** Reads that one statement serves, statements at once, and reads that wait: of each kind. */
const LIMITS = { maxBatch: 128, maxInFlight: 2, maxQueue: 4_000 };

/** Columns of `event` by the names that `EventRow` has for them. */
const EVENT = `id, organiser_id AS organiserId, name, venue, start_time AS startTime,
  sales_open_time AS salesOpenTime, sales_close_time AS salesCloseTime,
  hold_seconds AS holdSeconds, max_per_user AS maxPerUser, currency,
  admit_per_minute AS admitPerMinute, max_active AS maxActive, pass_seconds AS passSeconds,
  is_open_on_store_loss AS isOpenOnStoreLoss, create_time AS createTime`;

type EventRecord = Omit<EventRow, "seq" | "requestHash" | "id" | "organiserId"> & {
  id: Buffer;
  organiserId: Buffer;
};
type TypeRecord = Pick<StockRecord, "id" | "price_minor" | "capacity"> & {
  event_id: Buffer;
  name: string;
};

/**
 * Reads of single events by many callers at once: those that arrive while others are under way
 * share their statements. Plain SQL, because mapping rows to entities costs several times what
 * MySQL takes to find them.
 */
export class EventReads {
  readonly #pool: Pool;
  readonly #now: () => number;
  readonly #events: Batcher<Wish, Found<Event>>;
  readonly #stocks: Batcher<Wish, Found<StockLine[]>>;

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
  }

  /** An event, or undefined when there is none. */
  async event(id: string): Promise<Event | undefined> {
    return (await this.#events.submit({ id, startTime: this.#now() })).found;
  }

  /** The stock of an event's ticket types in its order, or undefined for an unknown event. */
  async stock(eventId: string): Promise<StockLine[] | undefined> {
    return (await this.#stocks.submit({ id: eventId, startTime: this.#now() })).found;
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
    return wishes.map((wish) =>
      isInTime(wish)
        ? { found: found.get(wish.id) }
        : new ServiceError("DEADLINE_EXCEEDED", "the read waited too long to begin"),
    );
  }

  async #readEvents(ids: readonly string[]): Promise<Map<string, Event>> {
    const [events, types] = (await this.#query(
      `SELECT ${EVENT} FROM event FORCE INDEX (event_id) WHERE ${sqlIn("id", ids)};
       SELECT event_id, id, name, price_minor, capacity FROM stock
       WHERE ${sqlIn("event_id", ids)} ORDER BY event_id, position`,
    )) as [EventRecord[], TypeRecord[]];
    const typesById = Map.groupBy(types, ({ event_id }) => uuidFromBytes(event_id));
    return new Map(
      events.map((record) => {
        const id = uuidFromBytes(record.id);
        const row = { ...record, id, organiserId: uuidFromBytes(record.organiserId) };
        return [id, toEvent(row, (typesById.get(id) ?? []).map(toTypeRow))];
      }),
    );
  }

  /** One statement, so what is left of one event's ticket types is what it was at one moment. */
  async #readStocks(eventIds: readonly string[]): Promise<Map<string, StockLine[]>> {
    const records = (await this.#query(
      `SELECT event_id, ${STOCK_COLUMNS} FROM stock WHERE ${sqlIn("event_id", eventIds)}
       ORDER BY event_id, position`,
    )) as (StockRecord & { event_id: Buffer })[];
    const byEvent = Map.groupBy(records, ({ event_id }) => uuidFromBytes(event_id));
    return new Map([...byEvent].map(([id, some]) => [id, some.map(toLine)]));
  }

  async #query(sql: string): Promise<unknown> {
    try {
      const [rows] = await whileAnswering(this.#pool, () =>
        within(READ_TIMEOUT_MS, "reading from MySQL", this.#pool.query<RowDataPacket[]>(sql)),
      );
      return rows;
    } catch (reason) {
      throw storeFailure(reason);
    }
  }
}

/** One read that waits. */
interface Wish {
  id: string;
  startTime: number;
}

/** What became of one read: a batch's answers are never undefined. */
interface Found<T> {
  found: T | undefined;
}

function toTypeRow({ id, name, price_minor, capacity }: TypeRecord) {
  return { id: uuidFromBytes(id), name, priceMinor: Number(price_minor), capacity };
}

function toLine({ event_id: _, ...record }: StockRecord & { event_id: Buffer }): StockLine {
  return toStockLine(record);
}
