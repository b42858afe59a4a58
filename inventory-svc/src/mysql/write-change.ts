import { QUERY_TIMEOUT_MS } from "@tessera/service-kit/mysql";
import { integerLiteral, timeLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import type { PoolConnection, ResultSetHeader } from "mysql2/promise";
import type { Allocation, Book, Change, Move, StockDelta, StockLine } from "../domain/ledger.ts";
import { insertCapacityChange } from "./capacity-rows.ts";
import { chunksOf } from "./chunks-of.ts";
import { eventChangeStatements } from "./event-change-rows.ts";
import { formatLines, STATE_NUMBERS } from "./ledger-rows.ts";
import { sqlIn } from "./sql-in.ts";
import type { StockGuard } from "./stock-guard.ts";

/** A statement, and how many rows it must match. */
interface Statement {
  sql: string;
  rows: number;
}

/**
 * Stock rows that one statement writes: each is compared with every other one's branch, and 3,200 in
 * one statement take seconds.
 */
const STOCK_ROWS_MAX = 40;

/** True when there is nothing to write. */
export function isEmpty(change: Change): boolean {
  const { fence, capacityChange, eventChange } = change;
  const others = [fence, capacityChange, eventChange];
  return !isStockChanged(change) && others.every((one) => one === undefined);
}

/**
 * Writes the changes of several events in one round trip and checks that each statement matched
 * what it must; throws, and so rolls back, when one did not.
 */
export async function writeChanges(
  connection: PoolConnection,
  changes: readonly { book: Book; change: Change }[],
  guard: StockGuard,
): Promise<void> {
  const statements = statementsOf(changes, guard);
  const sql = statements.map((statement) => statement.sql).join(";\n");
  const [answer] = await connection.query<ResultSetHeader | ResultSetHeader[]>({
    sql,
    timeout: QUERY_TIMEOUT_MS,
  });
  const results = Array.isArray(answer) ? answer : [answer];
  for (const [index, { rows }] of statements.entries()) {
    const matched = results[index]?.affectedRows;
    if (matched !== rows) {
      const events = changes.map(({ book }) => book.event.eventId).join(", ");
      throw new Error(
        `ledger of ${events}: statement ${index} matched ${matched} rows instead of ${rows}`,
      );
    }
  }
}

/** What many events have in common is one statement: each costs as much as a few of its rows. */
function statementsOf(
  changes: readonly { book: Book; change: Change }[],
  guard: StockGuard,
): Statement[] {
  const writes = changes.flatMap(({ book, change }) =>
    change.deltas.map((delta) => ({
      eventId: book.event.eventId,
      before: lineAt(book, delta),
      delta,
    })),
  );
  const inserts = changes.flatMap(({ change }) => change.inserts);
  return [
    ...chunksOf(writes, STOCK_ROWS_MAX).map((some) => ({
      sql: guard.update(some),
      rows: some.length,
    })),
    ...eventStatements(changes),
    ...moveStatements(changes.flatMap(({ change }) => change.moves)),
    ...changes.flatMap(({ book, change: { capacityChange } }) =>
      capacityChange === undefined
        ? []
        : { sql: insertCapacityChange(capacityChange, book.now), rows: 1 },
    ),
    ...changes.flatMap(({ book, change: { eventChange } }) =>
      eventChange === undefined
        ? []
        : eventChangeStatements(eventChange, book.now).map((sql) => ({ sql, rows: 1 })),
    ),
    ...(inserts.length > 0 ? [insertStatement(inserts)] : []),
  ];
}

function lineAt({ stock }: Book, { position }: StockDelta): StockLine {
  const line = stock.find((one) => one.position === position);
  if (line === undefined) {
    throw new RangeError(`no stock at position ${position}`);
  }
  return line;
}

/** The versions of the stock that changed, and the new fences. */
function eventStatements(changes: readonly { book: Book; change: Change }[]): Statement[] {
  const idsOf = (some: typeof changes) => some.map(({ book }) => book.event.eventId);
  const sold = idsOf(changes.filter(({ change }) => isStockChanged(change)));
  const ids = idsOf(
    changes.filter(({ change }) => isStockChanged(change) || change.fence !== undefined),
  );
  const sets = [`stock_version = stock_version + ${sqlIn("id", sold)}`, ...newFences(changes)];
  const sql = `UPDATE event FORCE INDEX (event_id) SET ${sets.join(", ")} WHERE ${sqlIn("id", ids)}`;
  return ids.length > 0 ? [{ sql, rows: ids.length }] : [];
}

/** The part of an UPDATE that gives events their new fences, if any has one. */
function newFences(changes: readonly { book: Book; change: Change }[]): string[] {
  const cases = changes.flatMap(({ book, change }) =>
    change.fence === undefined
      ? []
      : `WHEN ${uuidLiteral(book.event.eventId)} THEN ${change.fence}`,
  );
  return cases.length === 0 ? [] : [`fence = CASE id ${cases.join(" ")} ELSE fence END`];
}

/** A change of allocations is one of the stock. */
export function isStockChanged({ inserts, moves, deltas }: Change): boolean {
  return inserts.length + moves.length + deltas.length > 0;
}

/** Moves between the same states are one statement. */
function moveStatements(moves: readonly Move[]): Statement[] {
  const alike = Map.groupBy(moves, ({ from, to }) => `${from} ${to}`);
  return [...alike.values()].flatMap((some) => {
    const [first] = some;
    return first === undefined ? [] : [moveStatement(first, some)];
  });
}

function moveStatement({ from, to }: Move, alike: readonly Move[]): Statement {
  const ids = alike.map(({ id }) => id);
  const reacquired = from === "RELEASED" && to === "COMMITTED" ? ", reacquired = 1" : "";
  return {
    sql: `UPDATE allocation FORCE INDEX (allocation_id)
      SET state = ${STATE_NUMBERS[to]}${reacquired}
      WHERE ${sqlIn("id", ids)} AND state = ${STATE_NUMBERS[from]}`,
    rows: ids.length,
  };
}

function insertStatement(allocations: readonly Allocation[]): Statement {
  const values = allocations.map(
    (allocation) =>
      `(${uuidLiteral(allocation.id)},${uuidLiteral(allocation.eventId)},${uuidLiteral(allocation.userId)},` +
      `${STATE_NUMBERS[allocation.state]},'${formatLines(allocation.lines)}',` +
      `${integerLiteral(allocation.units)},${integerLiteral(allocation.totalMinor)},` +
      `${timeLiteral(allocation.createTime)},${timeLiteral(allocation.firstExpireTime)},` +
      `${timeLiteral(allocation.expireTime)})`,
  );
  return {
    sql: `INSERT INTO allocation (id, event_id, user_id, state, content, units, total_minor,
        create_time, first_expire_time, expire_time) VALUES ${values.join(",")}`,
    rows: allocations.length,
  };
}
