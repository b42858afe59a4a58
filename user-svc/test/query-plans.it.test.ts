import { randomBytes } from "node:crypto";
import { uuidFromBytes } from "@tessera/service-kit/uuid";
import { useMysql } from "@tessera/testkit/mysql";
import { faultsOf } from "@tessera/testkit/query-plans";
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

  before(async () => {
    await fillSchema("user", schema.url);
    users = new MysqlUserStore(schema.pool);
    const [rows] = await schema.pool.query<RowDataPacket[]>(
      "SELECT id, email_key FROM user LIMIT 500, 1",
    );
    known = { userId: uuidFromBytes(rows[0]?.id), emailKey: rows[0]?.email_key };
  });

  it("look a user up by id and by address", async () => {
    expect(await faultsOf(schema, 1, () => users.get(known.userId))).to.deep.equal([]);
    expect(await faultsOf(schema, 1, () => users.findByEmailKey(known.emailKey))).to.deep.equal([]);
    const change = { userId: known.userId, from: "a", to: "b" };
    expect(await faultsOf(schema, 1, () => users.replaceHash(change))).to.deep.equal([]);
  });

  it("look a session up by its token, and purge by age", async () => {
    const sessions = new MysqlSessionStore(schema.pool);
    const secretHash = randomBytes(32);
    const sessionId = crypto.randomUUID();
    const [createTime, expireTime] = [new Date(), new Date(Date.now() + 60_000)];
    const requestKey = randomBytes(32);
    const grant = { sessionId, secretHash, requestKey, createTime, expireTime };
    await sessions.insert(known.userId, grant);
    expect(
      await faultsOf(schema, 1, () => sessions.findToken(sessionId, secretHash)),
    ).to.deep.equal([]);
    expect(await faultsOf(schema, 1, () => sessions.purge(500))).to.deep.equal([]);
  });

  it("read the newest signing keys only", async () => {
    const keys = new MysqlSigningKeyStore(schema.pool);
    expect(await faultsOf(schema, 1, () => keys.list())).to.deep.equal([]);
  });
});
