import { integerLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import type { StockDelta, StockLine } from "../domain/ledger.ts";

/** How the stock of one ticket type is to change. */
interface StockWrite {
  eventId: string;
  before: StockLine;
  delta: StockDelta;
}

/**
 * How the ledger keeps two transactions from deciding on the same units.
 *
 * Nothing but a test of the guard itself replaces it: without one, rivals must be seen to
 * oversell, or that test proves nothing.
 */
export interface StockGuard {
  /** Ends the statements that read the event and its stock. */
  lock: string;
  /** The statement that writes all ticket types' changes; it must match one row for each. */
  update: (writes: readonly StockWrite[]) => string;
}

/** Rows are locked before they are read, and written only if the units are still there. */
export const LEDGER_GUARD: StockGuard = {
  lock: "FOR UPDATE",
  update: (writes) => {
    const columns = ["available", "held", "sold", "capacity"] as const;
    const sets = columns.flatMap((column) => {
      const changed = writes.filter(({ delta }) => (delta[column] ?? 0) !== 0);
      return changed.length === 0
        ? []
        : `${column} = ${column} + ${amountOf(changed, column, writes.length)}`;
    });
    const conditions = writes.map((write) => {
      const { available, held, sold } = write.delta;
      return `(${rowOf(write)} AND available >= ${integerLiteral(-available)}
        AND held >= ${integerLiteral(-held)} AND sold >= ${integerLiteral(-sold)})`;
    });
    return `UPDATE stock FORCE INDEX (PRIMARY) SET ${sets.join(", ")}
      WHERE ${conditions.join(" OR ")}`;
  },
};

/** By how much a column changes, of `rows` rows in all. */
function amountOf(changed: readonly StockWrite[], column: keyof StockDelta, rows: number): string {
  const amounts = changed.map(({ delta }) => integerLiteral(delta[column] ?? 0));
  if (rows === 1) {
    return amounts.join();
  }
  const cases = changed.map((write, index) => `WHEN ${rowOf(write)} THEN ${amounts[index]}`);
  return `CASE ${cases.join(" ")} ELSE 0 END`;
}

function rowOf({ eventId, before }: StockWrite): string {
  return `event_id = ${uuidLiteral(eventId)} AND position = ${integerLiteral(before.position)}`;
}
