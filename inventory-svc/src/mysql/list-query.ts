import type { Repository, SelectQueryBuilder } from "typeorm";
import type { EventPosition, EventQuery, EventSort } from "../app/event-store.ts";
import type { EventRow } from "./event-table.ts";

const ORDERS = {
  startTime: { property: "startTime", index: "event_start", direction: "ASC" },
  name: { property: "name", index: "event_name", direction: "ASC" },
  createTimeDesc: { property: "createTime", index: "event_created", direction: "DESC" },
} as const satisfies Record<EventSort, object>;

/**
 * The query for `limit` events after a position.
 *
 * It walks the order's own index from the position on, so that the thousandth page costs what the
 * first does.
 */
export function listQuery(
  events: Repository<EventRow>,
  { sort, namePrefix, after, limit }: EventQuery,
): SelectQueryBuilder<EventRow> {
  const { property, index, direction } = ORDERS[sort];
  const query = events
    .createQueryBuilder("event")
    .useIndex(index)
    .orderBy(`event.${property}`, direction)
    .addOrderBy("event.seq", direction)
    .limit(limit);
  if (namePrefix !== "") {
    query.andWhere("event.name LIKE :pattern ESCAPE '!'", { pattern: prefixPattern(namePrefix) });
  }
  if (after !== undefined) {
    const [key, seq] = after;
    const beyond = direction === "ASC" ? ">" : "<";
    // Both halves on the key: optimizers find the start of the range in the first one.
    query.andWhere(
      `event.${property} ${beyond}= :key AND (event.${property} ${beyond} :key OR event.seq ${beyond} :seq)`,
      { key: typeof key === "number" ? new Date(key) : key, seq },
    );
  }
  return query;
}

/** Where the page that ends with `row` ended. */
export function positionAfter(row: EventRow, sort: EventSort): EventPosition {
  const key = row[ORDERS[sort].property];
  return [key instanceof Date ? key.getTime() : key, row.seq];
}

/** A LIKE pattern for texts that begin with `prefix`; its wildcards stand for themselves. */
function prefixPattern(prefix: string): string {
  return `${prefix.replaceAll(/[!%_]/g, (character) => `!${character}`)}%`;
}
