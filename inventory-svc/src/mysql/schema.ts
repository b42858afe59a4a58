import {
  AllocationTable,
  CapacityChangeTable,
  EventChangeTable,
  EventTable,
  StockTable,
} from "./ledger-tables.ts";
import { CreateLedger1760000000000 } from "./migrations/1760000000000-create-ledger.ts";
import { CapacityChanges1795219200000 } from "./migrations/1795219200000-capacity-changes.ts";
import { EventChanges1795996800000 } from "./migrations/1795996800000-event-changes.ts";

/** What this service keeps in its schema, and how the schema came to be. */
export const SCHEMA = {
  entities: [EventTable, StockTable, AllocationTable, CapacityChangeTable, EventChangeTable],
  migrations: [CreateLedger1760000000000, CapacityChanges1795219200000, EventChanges1795996800000],
};
