import { EventTable, StockTable } from "./event-table.ts";
import { CreateLedger1760000000000 } from "./migrations/1760000000000-create-ledger.ts";

/** What this service keeps in its schema, and how the schema came to be. */
export const SCHEMA = {
  entities: [EventTable, StockTable],
  migrations: [CreateLedger1760000000000],
};
