import { AllocationTable, CapacityChangeTable, EventTable, StockTable } from "./ledger-tables.ts";
import { CreateLedger1760000000000 } from "./migrations/1760000000000-create-ledger.ts";
import { CapacityChanges1795219200000 } from "./migrations/1795219200000-capacity-changes.ts";

/** What this service keeps in its schema, and how the schema came to be. */
export const SCHEMA = {
  entities: [EventTable, StockTable, AllocationTable, CapacityChangeTable],
  migrations: [CreateLedger1760000000000, CapacityChanges1795219200000],
};
