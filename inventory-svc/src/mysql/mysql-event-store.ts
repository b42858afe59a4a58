import { inTransaction, poolOf } from "@tessera/service-kit/mysql";
import { isDuplicate } from "@tessera/service-kit/mysql-failure";
import type { DataSource } from "typeorm";
import type { EventPosition, EventQuery, EventStore } from "../app/event-store.ts";
import type { Event, EventDraft } from "../domain/event.ts";
import type { StockLine } from "../domain/ledger.ts";
import { EventReads } from "./event-reads.ts";
import { eventColumns, stockColumns } from "./event-rows.ts";
import { listQuery, positionAfter } from "./list-query.ts";

/** Events in MySQL. */
export class MysqlEventStore implements EventStore {
  readonly #source: DataSource;
  readonly #reads: EventReads;
  /** How many reads of each kind wait. */
  readonly depths: EventReads["depths"];

  constructor(source: DataSource) {
    this.#source = source;
    this.#reads = new EventReads(poolOf(source));
    this.depths = this.#reads.depths;
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
    const { limit, sort, deadline } = query;
    // One more than the page has: it tells whether there is a next one.
    const { sql, values } = listQuery({ ...query, limit: limit + 1 });
    const found = await this.#reads.list(sql, values, deadline);
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next = found.length > limit && last !== undefined ? positionAfter(last, sort) : undefined;
    return { events: page.map(({ event }) => event), next };
  }

  async stockOf(eventId: string): Promise<StockLine[]> {
    return (await this.#reads.stock(eventId)) ?? [];
  }

  async #find(id: string): Promise<{ event: Event; requestHash: string } | undefined> {
    const event = await this.#reads.event(id);
    const requestHash = event === undefined ? undefined : await this.#reads.requestHash(id);
    return event === undefined || requestHash === undefined ? undefined : { event, requestHash };
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
}
