import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { User_Role } from "@tessera/proto/user/v1/user_pb";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import { decodeJwt } from "jose";
import { createPool } from "mysql2/promise";
import { createOrganiser } from "../src/app/create-organiser.ts";
import { getUser } from "../src/app/get-user.ts";
import { MysqlUserStore } from "../src/mysql/mysql-user-store.ts";
import { newPerson, reasonOf, signedInTo, useUserService } from "./use-user-service.ts";

describe("CreateUser", () => {
  const service = useUserService();

  it("makes a customer, whom GetUser then finds", async () => {
    const ann = newPerson();
    const { user, replayed } = await service.client.createUser(ann);
    expect(replayed).to.equal(false);
    expect(user).to.include({ email: ann.email, name: ann.name, role: User_Role.CUSTOMER });
    const found = await service.client.getUser({ userId: user?.id ?? "" });
    expect(found.user).to.deep.equal(user);
  });

  it("stores no password", async () => {
    const ann = newPerson();
    await service.client.createUser({ ...ann, password: "plain to see" });
    const [rows] = await service.schema.pool.query("SELECT * FROM user WHERE email = ?", [
      ann.email,
    ]);
    expect(JSON.stringify(rows)).to.contain("$argon2id$").and.not.to.contain("plain to see");
  });

  it("answers the same when it is delivered twice, and again later", async () => {
    const ann = newPerson();
    const both = await Promise.all([
      service.client.createUser(ann),
      service.client.createUser(ann),
    ]);
    const again = await service.client.createUser(ann);
    expect(both.map(({ replayed }) => replayed).sort()).to.deep.equal([false, true]);
    expect(both[1].user).to.deep.equal(both[0].user);
    expect(again).to.include({ replayed: true });
    expect(again.user).to.deep.equal(both[0].user);
  });

  it("refuses the same request id with another body", async () => {
    const ann = newPerson();
    await service.client.createUser(ann);
    for (const change of [
      { name: "Bob" },
      { password: "another horse" },
      { email: ann.email.toUpperCase() },
    ]) {
      const failure = await failureOf(service.client.createUser({ ...ann, ...change }));
      expect(failure).to.include({
        reason: "IDEMPOTENCY_KEY_REUSED",
        code: Code.FailedPrecondition,
        domain: "user.tessera",
      });
    }
  });

  it("keeps two people apart whose clients chose the same request id", async () => {
    const [ann, bob] = [newPerson(), { ...newPerson(), requestId: "1" }];
    const first = await service.client.createUser({ ...ann, requestId: "1" });
    const second = await service.client.createUser(bob);
    expect(second.replayed).to.equal(false);
    expect(second.user?.id).not.to.equal(first.user?.id);
  });

  it("takes an address once, whatever its case", async () => {
    const ann = newPerson();
    const email = `José.${ann.email}`;
    await service.client.createUser({ ...ann, email });
    for (const other of [email.toUpperCase(), email.normalize("NFD"), email]) {
      const failure = await failureOf(
        service.client.createUser({ ...ann, email: other, requestId: randomUUID() }),
      );
      expect(failure).to.include({ reason: "EMAIL_TAKEN", code: Code.AlreadyExists });
      expect(failure.message.toLowerCase()).not.to.contain("example.com");
    }
  });

  it("takes an address once, whichever small sigma it is written with", async () => {
    const [ann, bob] = [newPerson(), newPerson()];
    for (const [person, local] of [
      [ann, "ΑΣ"],
      [bob, "ασ"],
    ] as const) {
      await service.client.createUser({ ...person, email: person.email.replace("@", `${local}@`) });
      for (const other of ["ΑΣ", "ας", "ασ"]) {
        const email = person.email.replace("@", `${other}@`);
        const again = service.client.createUser({ ...person, email, requestId: randomUUID() });
        expect(await reasonOf(again)).to.equal("EMAIL_TAKEN");
        await service.client.createSession({ ...person, email });
      }
    }
  });

  it("lets exactly one of many rivals for an address win", async () => {
    const { email } = newPerson();
    const calls = Array.from({ length: 20 }, () =>
      service.client.createUser({ ...newPerson(), email }).then(
        () => "won",
        (reason: unknown) => reasonOf(Promise.reject(reason)),
      ),
    );
    const outcomes = await Promise.all(calls);
    expect(outcomes.filter((outcome) => outcome === "won")).to.have.length(1);
    expect(outcomes.filter((outcome) => outcome === "EMAIL_TAKEN")).to.have.length(19);
  });

  for (const [field, change] of [
    ["request_id", { requestId: "" }],
    ["email", { email: "nobody" }],
    ["password", { password: "short" }],
    ["name", { name: " " }],
  ] as const) {
    it(`names ${field} when it is wrong`, async () => {
      const failure = await failureOf(service.client.createUser({ ...newPerson(), ...change }));
      expect(failure).to.include({ reason: "INVALID_FIELD", code: Code.InvalidArgument });
      expect(failure.metadata).to.include({ field });
    });
  }
});

describe("GetUser", () => {
  const service = useUserService();

  it("does not find whom nobody created", async () => {
    const failure = await failureOf(service.client.getUser({ userId: randomUUID() }));
    expect(failure).to.include({ reason: "USER_NOT_FOUND", code: Code.NotFound });
    expect(await reasonOf(service.client.getUser({ userId: "ann" }))).to.equal("INVALID_FIELD");
  });

  it("says when the store is away", async () => {
    const pool = createPool("mysql://root@127.0.0.1:1/user");
    const users = new MysqlUserStore(pool);
    const failure = await getUser({ users }, randomUUID()).catch((reason: unknown) => reason);
    expect(failure).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    await pool.end();
  });

  it("keeps a bug to itself", async () => {
    const { pool } = service.schema;
    await pool.query("RENAME TABLE user TO user_away");
    try {
      const failure = await failureOf(service.client.getUser({ userId: randomUUID() }));
      expect(failure).to.include({ reason: "INTERNAL", message: "internal error" });
    } finally {
      await pool.query("RENAME TABLE user_away TO user");
    }
  });
});

describe("createOrganiser", () => {
  const service = useUserService();

  it("makes an organiser once, and leaves the one that exists alone", async () => {
    const organiser = { email: newPerson().email, password: "the organiser", name: "Olga" };
    expect(await createOrganiser(service.app, organiser)).to.equal("created");
    const again = { ...organiser, password: "something else", name: "Other" };
    expect(await createOrganiser(service.app, again)).to.equal("exists");
    const { tokens } = await service.client.createSession(organiser);
    expect(tokens?.accessToken).to.be.a("string");
    const account = await service.app.users.findByEmailKey(organiser.email);
    expect(account).to.include({ role: "organiser", name: "Olga" });
  });

  it("makes one whom the seed's own key does not tell from others", async () => {
    const organiser = { email: newPerson().email, password: "the organiser", name: "Olga" };
    await createOrganiser(service.app, organiser);
    const customer = newPerson();
    await service.client.createUser(customer);
    for (const person of [organiser, customer]) {
      const signUp = { ...person, requestId: "seed-organiser" };
      expect(await reasonOf(service.client.createUser(signUp))).to.equal("EMAIL_TAKEN");
    }
  });

  it("never makes a customer an organiser", async () => {
    const ann = newPerson();
    await service.client.createUser(ann);
    const failure = await createOrganiser(service.app, ann).catch(
      (reason: Error) => reason.message,
    );
    expect(failure).to.contain("address of a customer");
  });
});

describe("a role that only a newer release knows", () => {
  const service = useUserService();

  it("may do the least", async () => {
    const { person, userId, refreshToken } = await signedInTo(service);
    const id = uuidToBytes(userId);
    await service.schema.pool.query("UPDATE user SET role = 'auditor' WHERE id = ?", [id]);
    const { tokens } = await service.client.createSession(person);
    const renewed = await service.client.refreshSession({ refreshToken, requestId: "r" });
    for (const pair of [tokens, renewed.tokens]) {
      expect(decodeJwt(pair?.accessToken ?? "")).to.include({ role: "customer" });
    }
  });
});
