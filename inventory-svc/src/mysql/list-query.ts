import type { EventPosition, EventQuery, EventSort } from "../app/event-store.ts";
import type { Event } from "../domain/event.ts";
import { BOUNDED_SELECT } from "./bounded-select.ts";
import { EVENT_FIELDS } from "./event-records.ts";

/** How many characters a name has at most. */
const NAME_MAX = 200;

/** What each order goes by, and the index that has it. */
export const ORDERS = {
  startTime: { property: "startTime", column: "start_time", index: "event_start", isUp: true },
  name: { property: "name", column: "name", index: "event_name", isUp: true },
  createTimeDesc: {
    property: "createTime",
    column: "create_time",
    index: "event_created",
    isUp: false,
  },
} as const satisfies Record<EventSort, object>;

/**
 * The statement that finds `limit` events after a position, in order: their `seq` and `EVENT_FIELDS`.
 *
 * It walks the order's own index from the position on and reads no other rows, so that the
 * thousandth page costs what the first does. The index is forced: left to choose, optimizers
 * sort a whole table when they take it for a small one.
 */
export function listQuery({ sort, namePrefix, startFrom, after, limit }: EventQuery): {
  sql: string;
  values: unknown[];
} {
  const { column, index, isUp } = ORDERS[sort];
  const conditions: string[] = [];
  const values: unknown[] = [];
  if (namePrefix !== "") {
    // LIKE's own range of the index ends before the characters beyond U+FFFF, so it is stated, and
    // CONCAT keeps LIKE from making one.
    conditions.push("name BETWEEN ? AND ? AND CONCAT(name) LIKE ? ESCAPE '!'");
    values.push(...prefixRange(namePrefix), prefixPattern(namePrefix));
  }
  if (after !== undefined) {
    const [key, seq] = after;
    const bound = typeof key === "number" ? new Date(key) : key;
    const beyond = isUp ? ">" : "<";
    // Two ranges of the index. Any shorter way to say it reads all ties of the key.
    conditions.push(`(${column} ${beyond} ? OR (${column} = ? AND seq ${beyond} ?))`);
    values.push(bound, bound, seq);
  } else if (startFrom !== undefined) {
    // Every later page's position lies beyond it.
    conditions.push("start_time >= ?");
    values.push(startFrom);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const direction = isUp ? "ASC" : "DESC";
  const sql = `${BOUNDED_SELECT} seq, ${EVENT_FIELDS} FROM event FORCE INDEX (${index}) ${where}
    ORDER BY ${column} ${direction}, seq ${direction} LIMIT ?`;
  return { sql, values: [...values, limit] };
}

/** Where the page that ends with this event ended. */
export function positionAfter(
  { event, seq }: { event: Event; seq: number },
  sort: EventSort,
): EventPosition {
  const key = event[ORDERS[sort].property];
  return [key instanceof Date ? key.getTime() : key, seq];
}

/**
 * Between these two lie all names that begin with `prefix`. The lower one is filled up with tabs, which
 * weigh least in the names' collation; the upper one with U+10FFFF, than which nothing weighs more.
 */
function prefixRange(prefix: string): [string, string] {
  const left = NAME_MAX - [...prefix].length;
  return [prefix + "\t".repeat(left), prefix + "\u{10FFFF}".repeat(left)];
}

/** A LIKE pattern for texts that begin with `prefix`; its wildcards stand for themselves. */
function prefixPattern(prefix: string): string {
  return `${prefix.replaceAll(/[!%_]/g, (character) => `!${character}`)}%`;
}
