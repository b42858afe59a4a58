import { CreateLedger1760000000000 } from "./migrations/1760000000000-create-ledger.ts";
import { CapacityChanges1795219200000 } from "./migrations/1795219200000-capacity-changes.ts";

/** What this service keeps in its schema, and how the schema came to be. */
export const SCHEMA = {
  entities: [],
  migrations: [CreateLedger1760000000000, CapacityChanges1795219200000],
};
