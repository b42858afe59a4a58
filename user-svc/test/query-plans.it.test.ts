import { randomBytes } from "node:crypto";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import { useMysql } from "@tessera/testkit/mysql";
import { planFaults, statementsOf } from "@tessera/testkit/query-plans";
import { expect } from "chai";
import type { RowDataPacket } from "mysql2/promise";
import { fillSchema } from "../../test/fill-schema.ts";
import { MysqlSessionStore } from "../src/mysql/mysql-session-store.ts";
import { MysqlSigningKeyStore } from "../src/mysql/mysql-signing-key-store.ts";
import { MysqlUserStore } from "../src/mysql/mysql-user-store.ts";
import { USER_SCHEMA } from "../src/mysql/schema.ts";

// What a read costs must not depend on how much there is.
describe("the query plans of user-svc", () => {
  const schema = useMysql(USER_SCHEMA);
  let users: MysqlUserStore;
  let known: { userId: string; emailKey: string };

  before(async function () {
    this.timeout(60_000);
    await fillSchema("user", schema.url);
    users = new MysqlUserStore(schema.pool);
    const [rows] = await schema.pool.query<RowDataPacket[]>(
      "SELECT id, email_key FROM user LIMIT 500, 1",
    );
    known = { userId: uuidFromBytes(rows[0]?.id), emailKey: rows[0]?.email_key };
  });

  /** The faults of the statements that `work` sends; it must send some. */
  async function faultsOf(work: () => Promise<unknown>): Promise<string[]> {
    const statements = await statementsOf(schema, work);
    expect(statements).to.not.deep.equal([]);
    const faults = [];
    for (const statement of statements) {
      faults.push(...(await planFaults(schema.pool, statement)));
    }
    return faults;
  }

  it("look a user up by id and by address", async () => {
    expect(await faultsOf(() => users.get(known.userId))).to.deep.equal([]);
    expect(await faultsOf(() => users.findByEmailKey(known.emailKey))).to.deep.equal([]);
    const change = { userId: known.userId, from: "a", to: "b" };
    expect(await faultsOf(() => users.replaceHash(change))).to.deep.equal([]);
  });

  it("look a session up by its token, and purge by age", async () => {
    const sessions = new MysqlSessionStore(schema.pool);
    const secretHash = randomBytes(32);
    const sessionId = crypto.randomUUID();
    const [createTime, expireTime] = [new Date(), new Date(Date.now() + 60_000)];
    const requestKey = randomBytes(32);
    const grant = { sessionId, secretHash, requestKey, createTime, expireTime };
    await sessions.insert(known.userId, grant);
    expect(await faultsOf(() => sessions.findToken(sessionId, secretHash))).to.deep.equal([]);
    expect(await faultsOf(() => sessions.purge(new Date()))).to.deep.equal([]);
  });

  it("read the newest signing keys only", async () => {
    const keys = new MysqlSigningKeyStore(schema.pool);
    expect(await faultsOf(() => keys.list())).to.deep.equal([]);
  });
});
