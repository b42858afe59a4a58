import { uuidFromBytes } from "@tessera/service-kit/uuid";
import type { Connection } from "mysql2/promise";
import type { Findings } from "./findings.ts";
import { rowsOf } from "./reader.ts";
import { ALLOCATION } from "./states.ts";

/**
 * Looks for buyers who have more units than their event ever allowed: one that was lowered takes
 * nothing from anybody. `where` says which allocations, called a, with `values`.
 */
export async function checkLimits(
  inventory: Connection,
  where: string,
  { values, findings }: { values: readonly Buffer[]; findings: Findings },
): Promise<void> {
  const greedy = await rowsOf(
    inventory,
    `SELECT a.event_id, a.user_id, SUM(a.units) AS units, MAX(e.max_per_user) AS most
     FROM allocation a FORCE INDEX (allocation_user) JOIN event e ON e.id = a.event_id
     WHERE ${where} AND a.state IN (${ALLOCATION.held}, ${ALLOCATION.committed})
     GROUP BY a.event_id, a.user_id HAVING units > most`,
    values,
  );
  for (const { event_id, user_id, units, most } of greedy) {
    if (units > Math.max(most, ...(await earlierLimits(inventory, event_id)))) {
      findings.add(
        `user ${uuidFromBytes(user_id)} has ${units} units of event ${uuidFromBytes(event_id)}, ` +
          `which allows ${most}`,
      );
    }
  }
}

async function earlierLimits(inventory: Connection, eventId: Buffer): Promise<number[]> {
  const sql = "SELECT fields FROM event_change WHERE event_id = ?";
  const changes = await rowsOf(inventory, sql, [eventId]);
  return changes.map(({ fields }) => JSON.parse(fields).maxPerUser?.before ?? 0);
}
