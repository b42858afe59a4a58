import { useMysql } from "@tessera/testkit/mysql";
import { expect } from "chai";
import { SCHEMA } from "../src/mysql/schema.ts";

describe("the schema", () => {
  const schema = useMysql(SCHEMA);

  it("is what the entities say it is", async () => {
    const { upQueries } = await schema.source.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).to.deep.equal([]);
  });

  it("may be made twice: a second runner changes nothing", async () => {
    expect(await schema.source.runMigrations({ transaction: "none" })).to.deep.equal([]);
    const runner = schema.source.createQueryRunner();
    for (const Migration of SCHEMA.migrations) {
      await new Migration().up(runner);
    }
    await runner.release();
  });
});
