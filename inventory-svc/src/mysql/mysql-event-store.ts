import { within } from "@tessera/service-kit/deadline";
import { inTransaction, isDuplicate, poolOf, storeFailure } from "@tessera/service-kit/mysql";
import { whileAnswering } from "@tessera/service-kit/mysql-pulse";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import type { RowDataPacket } from "mysql2/promise";
import { type DataSource, In } from "typeorm";
import type { EventPosition, EventQuery, EventStore } from "../app/event-store.ts";
import type { Event, EventDraft } from "../domain/event.ts";
import type { StockLine } from "../domain/ledger.ts";
import { EventReads, READ_TIMEOUT_MS } from "./event-reads.ts";
import { eventColumns, stockColumns, toEvent } from "./event-rows.ts";
import { type EventRow, EventTable, type StockRow, StockTable } from "./event-table.ts";
import { listQuery, positionAfter } from "./list-query.ts";

/** Events in MySQL. */
export class MysqlEventStore implements EventStore {
  readonly #source: DataSource;
  readonly #reads: EventReads;

  constructor(source: DataSource) {
    this.#source = source;
    this.#reads = new EventReads(poolOf(source));
  }

  async insertOnce(
    id: string,
    draft: EventDraft,
    requestHash: string,
  ): Promise<{ event: Event; requestHash: string; isNew: boolean }> {
    const before = await this.#find(id);
    if (before !== undefined) {
      return { ...before, isNew: false };
    }
    const isNew = await this.#insert(id, draft, requestHash);
    const stored = await this.#find(id);
    if (stored === undefined) {
      throw new Error(`event ${id} is gone`);
    }
    return { ...stored, isNew };
  }

  get(id: string): Promise<Event | undefined> {
    return this.#reads.event(id);
  }

  async list(query: EventQuery): Promise<{ events: Event[]; next: EventPosition | undefined }> {
    const { limit, sort } = query;
    // One more than the page has: it tells whether there is a next one.
    const { sql, values } = listQuery({ ...query, limit: limit + 1 });
    const pool = poolOf(this.#source);
    const [found] = await this.#read(() => pool.query<RowDataPacket[]>(sql, values));
    const seqs = found.slice(0, limit).map(({ seq }) => Number(seq));
    const rows = await this.#read(() =>
      this.#source.getRepository(EventTable).find({ where: { seq: In(seqs) } }),
    );
    const bySeq = new Map(rows.map((row) => [row.seq, row]));
    const page = seqs.flatMap((seq) => bySeq.get(seq) ?? []);
    const last = page.at(-1);
    const next = found.length > limit && last !== undefined ? positionAfter(last, sort) : undefined;
    return { events: await this.#withTicketTypes(page), next };
  }

  async stockOf(eventId: string): Promise<StockLine[]> {
    return (await this.#reads.stock(eventId)) ?? [];
  }

  async #find(id: string): Promise<{ event: Event; requestHash: string } | undefined> {
    const row = await this.#read(() => this.#source.getRepository(EventTable).findOneBy({ id }));
    if (row === null) {
      return undefined;
    }
    const [event] = await this.#withTicketTypes([row]);
    return event === undefined ? undefined : { event, requestHash: row.requestHash };
  }

  /** All ticket types of a page in one query. */
  async #withTicketTypes(events: readonly EventRow[]): Promise<Event[]> {
    if (events.length === 0) {
      return [];
    }
    const rows = await this.#read(() =>
      this.#source
        .getRepository(StockTable)
        .createQueryBuilder("stock")
        .where("stock.event_id IN (:...ids)", { ids: events.map(({ id }) => uuidToBytes(id)) })
        .orderBy("stock.event_id")
        .addOrderBy("stock.position")
        .getMany(),
    );
    const byEvent = Map.groupBy(rows, ({ eventId }: StockRow) => eventId);
    return events.map((row) => toEvent(row, byEvent.get(row.id) ?? []));
  }

  /** False when a rival inserted the same id first. */
  async #insert(id: string, draft: EventDraft, requestHash: string): Promise<boolean> {
    const event = eventColumns(id, draft, requestHash);
    try {
      await inTransaction(poolOf(this.#source), async (connection) => {
        await connection.query("INSERT INTO event (??, create_time) VALUES (?, UTC_TIMESTAMP(3))", [
          Object.keys(event),
          Object.values(event),
        ]);
        await connection.query(
          `INSERT INTO stock (event_id, position, id, name, price_minor, capacity, available)
           VALUES ?`,
          [stockColumns(id, draft)],
        );
      });
      return true;
    } catch (reason) {
      if (isDuplicate(reason)) {
        return false;
      }
      throw reason;
    }
  }

  async #read<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await whileAnswering(poolOf(this.#source), () =>
        within(READ_TIMEOUT_MS, "reading from MySQL", work()),
      );
    } catch (reason) {
      throw storeFailure(reason);
    }
  }
}
