import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { RowDataPacket } from "mysql2/promise";
import type { Findings } from "./findings.ts";

/**
 * Follows the changes of capacities, which must be in the order they were made: each begins where
 * the one before it ended, and the last one's is what the ticket type has.
 */
export function checkCapacities(
  stock: readonly RowDataPacket[],
  changes: readonly RowDataPacket[],
  findings: Findings,
): void {
  const told = new Map<string, number>();
  for (const row of changes) {
    const name = nameOf(row);
    const before = told.get(name) ?? row.capacity_before;
    if (before !== row.capacity_before) {
      findings.add(`${name} was changed from ${row.capacity_before}, but had ${before}`);
    }
    told.set(name, row.capacity);
  }
  for (const row of stock) {
    const capacity = told.get(nameOf(row)) ?? row.capacity;
    if (capacity !== row.capacity) {
      findings.add(`${nameOf(row)} has ${row.capacity}, but was changed to ${capacity} last`);
    }
  }
}

function nameOf({ event_id, position }: RowDataPacket): string {
  return `the capacity of ticket type ${position} of event ${uuidFromBytes(event_id)}`;
}
