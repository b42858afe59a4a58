import { integerLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import type { StockDelta, StockLine } from "../domain/ledger.ts";

/**
 * How the ledger keeps two transactions from deciding on the same units.
 *
 * Nothing but a test of the guard itself replaces it: without one, rivals must be seen to
 * oversell, or that test proves nothing.
 */
export interface StockGuard {
  /** Ends the statements that read the event and its stock. */
  lock: string;
  /** The statement that writes one ticket type's change; it must match exactly one row. */
  update: (eventId: string, before: StockLine, delta: StockDelta) => string;
}

/** Rows are locked before they are read, and written only if the units are still there. */
export const LEDGER_GUARD: StockGuard = {
  lock: "FOR UPDATE",
  update: (eventId, { position }, { available, held, sold, capacity }) =>
    `UPDATE stock SET available = available + ${integerLiteral(available)}, held = held + ${integerLiteral(held)}, sold = sold + ${integerLiteral(sold)}${capacity === undefined ? "" : `, capacity = capacity + ${integerLiteral(capacity)}`}
     WHERE event_id = ${uuidLiteral(eventId)} AND position = ${integerLiteral(position)}
       AND available >= ${integerLiteral(-available)} AND held >= ${integerLiteral(-held)} AND sold >= ${integerLiteral(-sold)}`,
};
