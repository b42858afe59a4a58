import { integerLiteral, timeLiteral, uuidLiteral } from "@tessera/service-kit/sql-literal";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { CapacityChange } from "../domain/ledger.ts";
import { sqlIn } from "./sql-in.ts";

/** A row of `capacity_change` as mysql2 returns it. */
export interface CapacityRecord {
  id: Buffer;
  event_id: Buffer;
  position: number;
  capacity_before: number;
  capacity: number;
  available: number;
  held: number;
  sold: number;
}

const COLUMNS = "id, event_id, position, capacity_before, capacity, available, held, sold";

/** The statement that finds changes by their ids; none for none. */
export function selectCapacityChanges(ids: readonly string[]): string | undefined {
  if (ids.length === 0) {
    return undefined;
  }
  return `SELECT ${COLUMNS} FROM capacity_change WHERE ${sqlIn("id", ids)}`;
}

/** The statement that keeps a change. */
export function insertCapacityChange(change: CapacityChange, now: Date): string {
  const { position, capacityBefore, capacity, available, held, sold } = change;
  const numbers = [position, capacityBefore, capacity, available, held, sold].map(integerLiteral);
  return `INSERT INTO capacity_change (${COLUMNS}, create_time)
    VALUES (${uuidLiteral(change.id)}, ${uuidLiteral(change.eventId)}, ${numbers.join(", ")},
      ${timeLiteral(now)})`;
}

export function toCapacityChange(record: CapacityRecord): CapacityChange {
  const { id, event_id, capacity_before, ...rest } = record;
  return {
    ...rest,
    id: uuidFromBytes(id),
    eventId: uuidFromBytes(event_id),
    capacityBefore: capacity_before,
  };
}
