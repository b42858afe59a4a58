import { useMysql } from "@tessera/testkit/mysql";
import { expect } from "chai";
import { USER_SCHEMA } from "../src/mysql/schema.ts";

describe("the schema", () => {
  const schema = useMysql(USER_SCHEMA);

  it("is what the entities say it is", async () => {
    const { upQueries } = await schema.source.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).to.deep.equal([]);
  });

  it("may be migrated again", async () => {
    expect(await schema.source.runMigrations({ transaction: "none" })).to.deep.equal([]);
  });
});
