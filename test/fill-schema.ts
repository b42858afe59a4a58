import type { SchemaName } from "@tessera/testkit/schemas";
import { createConnection } from "mysql2/promise";
import { eventTable, stockTable } from "../tools/dataset/event-rows.ts";
import { loadTable, methodOf } from "../tools/dataset/loader.ts";
import { DatasetPlan } from "../tools/dataset/plan.ts";
import { begunSpec } from "../tools/dataset/progress-table.ts";
import { allocationTable, reservationTable } from "../tools/dataset/reservation-rows.ts";
import { userTable } from "../tools/dataset/user-rows.ts";

/** Enough rows that an optimizer has reason to use an index. */
const SPEC = { events: 2_000, users: 1_000, reservations: 20_000, seed: 1 };

/** Fills one service's migrated schema with its part of a data set, and analyses the tables. */
export async function fillSchema(schema: SchemaName, url: string): Promise<void> {
  const plan = new DatasetPlan({ ...SPEC, dateMs: Date.UTC(2030, 0, 1) });
  const tables = [
    ...[userTable(plan.spec), eventTable(plan), stockTable(plan)],
    ...[allocationTable(plan), reservationTable(plan)],
  ];
  const connection = await createConnection(url);
  await begunSpec(connection);
  await connection.end();
  const method = await methodOf(url);
  for (const table of tables.filter((one) => one.schema === schema)) {
    await loadTable(table, { url, method, spec: "test", onProgress: () => undefined });
  }
}
