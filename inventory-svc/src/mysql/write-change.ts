import { QUERY_TIMEOUT_MS } from "@tessera/service-kit/mysql";
import { integerLiteral, timeLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import type { PoolConnection, ResultSetHeader } from "mysql2/promise";
import type { Allocation, Book, Change, Move } from "../domain/ledger.ts";
import { insertCapacityChange } from "./capacity-rows.ts";
import { formatLines, STATE_NUMBERS } from "./ledger-rows.ts";
import { sqlIn } from "./sql-in.ts";
import type { StockGuard } from "./stock-guard.ts";

/** A statement, and how many rows it must match. */
interface Statement {
  sql: string;
  rows: number;
}

/** True when there is nothing to write. */
export function isEmpty(change: Change): boolean {
  const { fence, capacityChange } = change;
  return !isStockChanged(change) && fence === undefined && capacityChange === undefined;
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
  const inserts = changes.flatMap(({ change }) => change.inserts);
  const statements = [
    ...changes.flatMap((one) => statementsOf(one, guard)),
    ...(inserts.length > 0 ? [insertStatement(inserts)] : []),
  ];
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

function statementsOf(
  { book, change }: { book: Book; change: Change },
  guard: StockGuard,
): Statement[] {
  const { eventId, fence } = book.event;
  const statements: Statement[] = change.deltas.map((delta) => {
    const before = book.stock.find(({ position }) => position === delta.position);
    if (before === undefined) {
      throw new RangeError(`no stock at position ${delta.position}`);
    }
    return { sql: guard.update(eventId, before, delta), rows: 1 };
  });
  statements.push({
    sql: `UPDATE event SET fence = ${change.fence ?? fence},
      stock_version = stock_version + ${isStockChanged(change) ? 1 : 0}
      WHERE id = ${uuidLiteral(eventId)}`,
    rows: 1,
  });
  statements.push(...change.moves.map(moveStatement));
  if (change.capacityChange !== undefined) {
    statements.push({ sql: insertCapacityChange(change.capacityChange, book.now), rows: 1 });
  }
  return statements;
}

/** A change of allocations is one of the stock. */
export function isStockChanged({ inserts, moves, deltas }: Change): boolean {
  return inserts.length + moves.length + deltas.length > 0;
}

function moveStatement({ ids, from, to }: Move): Statement {
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
