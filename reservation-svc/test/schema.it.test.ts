import { useMysql } from "@tessera/testkit/mysql";
import { expect } from "chai";
import { SCHEMA } from "../src/mysql/schema.ts";

describe("the schema", () => {
  const schema = useMysql(SCHEMA);

  it("is what the entities say it is", async () => {
    const { upQueries } = await schema.source.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).to.deep.equal([]);
  });

  it("may be migrated again", async () => {
    expect(await schema.source.runMigrations({ transaction: "none" })).to.deep.equal([]);
  });

  it("may be made twice: a second runner changes nothing", async () => {
    await schema.pool.query("UPDATE outbox_cursor SET seq = 7");
    const runner = schema.source.createQueryRunner();
    for (const Migration of SCHEMA.migrations) {
      await new Migration().up(runner);
    }
    await runner.release();
    const [rows] = await schema.pool.query("SELECT seq FROM outbox_cursor");
    expect((rows as { seq: string }[]).map(({ seq }) => Number(seq))).to.deep.equal([7]);
  });
});
