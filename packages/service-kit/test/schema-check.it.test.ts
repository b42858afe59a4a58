import { createSchema, type EmptySchema } from "@tessera/testkit/mysql";
import { rejectionOf } from "@tessera/testkit/rejection";
import { expect } from "chai";
import type { DataSource, MigrationInterface } from "typeorm";
import { migrate, openMysql, poolOf } from "../src/mysql.ts";
import { schemaCheck } from "../src/schema-check.ts";

class First1760000000000 {
  async up(): Promise<void> {}
  async down(): Promise<void> {}
}
class Second1760000000001 extends First1760000000000 {}

describe("schemaCheck", () => {
  let schema: EmptySchema;
  const sources: DataSource[] = [];

  before(async () => {
    schema = await createSchema();
  });
  after(async () => {
    await Promise.all(sources.map((source) => source.destroy()));
    await schema.drop();
  });

  async function open(...migrations: (new () => MigrationInterface)[]): Promise<DataSource> {
    const { url, type } = schema;
    const source = await openMysql({
      ...{ url, type, poolSize: 2, maxWaiting: 2, entities: [], migrations },
    });
    sources.push(source);
    return source;
  }

  it("rejects until every migration that the program knows was run, and is content with more", async () => {
    const [older, newer] = [
      await open(First1760000000000),
      await open(First1760000000000, Second1760000000001),
    ];
    const [checkOlder, checkNewer] = [schemaCheck(older), schemaCheck(newer)];
    const untold = "the schema is not migrated: run the migrations";
    expect(await rejectionOf(checkOlder())).to.include({ message: untold });
    await migrate(older);
    await checkOlder();
    expect(await rejectionOf(checkNewer())).to.include({ message: untold });
    await migrate(newer);
    await checkNewer();
    await schemaCheck(older)();
  });

  it("asks for migrations until they are there, and not again", async () => {
    const source = await open(First1760000000000);
    const check = schemaCheck(source);
    await migrate(source);
    await check();
    await poolOf(source).query("DROP TABLE migrations");
    await check();
  });
});
