import { deepEqual } from "node:assert/strict";
import type { MysqlSchema } from "@tessera/service-kit/mysql";
import { useMysql } from "./mysql.ts";

/**
 * What holds of every service's schema. `change` is done before it is migrated once more, where
 * migrations write rows that live on. Call it inside `describe`.
 */
export function schemaTests(parts: MysqlSchema, change?: string): void {
  const schema = useMysql(parts);

  it("is what the entities say it is", async () => {
    const { upQueries } = await schema.source.driver.createSchemaBuilder().log();
    deepEqual(upQueries, []);
  });

  it("may be made twice: a second runner changes nothing", async () => {
    const { source, pool } = schema;
    const tables = source.entityMetadatas.map(({ tableName }) => tableName).join(", ");
    await pool.query(change ?? "DO 0");
    const [before] = await pool.query(`CHECKSUM TABLE ${tables}`);
    deepEqual(await source.runMigrations({ transaction: "none" }), []);
    const runner = source.createQueryRunner();
    for (const Migration of parts.migrations) {
      await new Migration().up(runner);
    }
    await runner.release();
    const [after] = await pool.query(`CHECKSUM TABLE ${tables}`);
    deepEqual(after, before);
  });
}
