import { randomBytes, randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { failureOf } from "@tessera/testkit/call-failure";
import { expect } from "chai";
import { decodeJwt } from "jose";
import { HashGate } from "../src/crypto/hash-gate.ts";
import { PasswordHasher } from "../src/crypto/password-hasher.ts";
import {
  ACCESS_TOKEN_SECONDS,
  CHEAP_COST,
  newPerson,
  reasonOf,
  refreshesOf,
  signedInTo,
  useUserService,
  withEachRead,
} from "./use-user-service.ts";

describe("sessions", () => {
  const service = useUserService();

  const signedIn = () => signedInTo(service);
  const refresh = refreshesOf(service);

  /** Holds the first `count` readers of a token until all have read: the worst of all races. */
  function readingTogether<T>(count: number, work: () => Promise<T>): Promise<T> {
    const allHaveRead = Promise.withResolvers<void>();
    let readers = 0;
    const meet = () => {
      readers += 1;
      if (readers === count) {
        allHaveRead.resolve();
      }
      return allHaveRead.promise;
    };
    return withEachRead(service, meet, work);
  }

  /**
   * The next token, or why there is none. Rivals wait for the winner's row, and on a busy machine for
   * too long: who is told so asks again, as clients do.
   */
  async function outcomeOf(refreshToken: string, requestId: string): Promise<string | undefined> {
    const call = refresh(refreshToken, requestId);
    const outcome = await call.catch(() => reasonOf(call));
    const isUndecided = outcome === "DEPENDENCY_UNAVAILABLE";
    return isUndecided ? await outcomeOf(refreshToken, requestId) : outcome;
  }

  async function metric(name: string): Promise<number> {
    const found = await service.registry.getSingleMetric(name)?.get();
    return found?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
  }

  describe("CreateSession", () => {
    it("signs in, whatever the address's case", async () => {
      const person = newPerson();
      const { user } = await service.client.createUser(person);
      const { tokens } = await service.client.createSession({
        email: person.email.toUpperCase(),
        password: person.password,
      });
      expect(tokens?.expiresIn).to.equal(ACCESS_TOKEN_SECONDS);
      const claims = decodeJwt(tokens?.accessToken ?? "");
      expect(claims).to.include({
        sub: user?.id,
        role: "customer",
        iss: "tessera",
        aud: "tessera",
      });
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).to.equal(ACCESS_TOKEN_SECONDS);
    });

    it("answers the same to everybody who may not sign in, after the same hashing", async () => {
      const person = newPerson();
      await service.client.createUser(person);
      const failures = [];
      for (const credentials of [
        { email: person.email, password: "wrong horse" },
        { email: newPerson().email, password: person.password },
        { email: person.email, password: "x".repeat(100_000) },
        { email: person.email, password: "" },
        { email: "nobody", password: "" },
        { email: "x".repeat(100_000), password: "x".repeat(300) },
      ]) {
        const histogram = service.registry.getSingleMetric("tessera_password_hash_seconds");
        const hashes = async () =>
          (await histogram?.get())?.values.find((value) =>
            "metricName" in value ? String(value.metricName).endsWith("_count") : false,
          )?.value ?? 0;
        const before = await hashes();
        failures.push(await failureOf(service.client.createSession(credentials)));
        expect((await hashes()) - before).to.equal(1);
      }
      expect(failures[0]).to.include({ reason: "BAD_CREDENTIALS", code: Code.Unauthenticated });
      for (const failure of failures) {
        expect(failure).to.deep.equal(failures[0]);
      }
    });

    it("counts sign-ins by outcome", async () => {
      const before = await metric("tessera_sign_ins_total");
      const { person } = await signedIn();
      await failureOf(service.client.createSession({ ...person, password: "wrong horse" }));
      expect((await metric("tessera_sign_ins_total")) - before).to.equal(2);
      const text = await service.registry.metrics();
      expect(text).to.match(/tessera_sign_ins_total\{outcome="ok",service="user-svc"\} \d+/);
      expect(text).to.match(/tessera_sign_ins_total\{outcome="bad_credentials"/);
      expect(text).to.match(/tessera_password_hash_queue_depth\{[^}]*\} 0/);
    });

    it("brings a hash to today's cost", async () => {
      const { person } = await signedIn();
      const stored = async () =>
        (await service.app.users.findByEmailKey(person.email))?.passwordHash ?? "";
      const before = await stored();
      const dear = { ...CHEAP_COST, timeCost: 2 };
      const cheap = service.app.passwords;
      service.app.passwords = await PasswordHasher.create({ cost: dear });
      try {
        await service.client.createSession(person);
        expect(before).to.contain(",t=1,");
        expect(await stored()).to.contain(",t=2,");
        await service.client.createSession(person);
      } finally {
        service.app.passwords = cheap;
      }
    });

    it("does not wait to bring a hash to today's cost", async () => {
      const { person } = await signedIn();
      const dear = { ...CHEAP_COST, timeCost: 2 };
      const gate = new HashGate({ concurrency: 1, maxWaiting: 64, waitMs: 60_000 });
      const cheap = service.app.passwords;
      service.app.gate = gate;
      service.app.passwords = await PasswordHasher.create({ cost: dear });
      const [before, after] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      try {
        const others = [gate.run(() => before.promise)];
        const signIn = service.client.createSession(person);
        while (gate.depth === 0) {
          await setImmediate();
        }
        others.push(gate.run(() => after.promise));
        before.resolve();
        await signIn;
        after.resolve();
        await Promise.all(others);
      } finally {
        service.app.passwords = cheap;
        service.app.gate = service.gate;
      }
    });
  });

  describe("RefreshSession", () => {
    it("goes on with the session, and with the role of now", async () => {
      const { refreshToken, sessionId, userId } = await signedIn();
      await service.schema.pool.query("UPDATE user SET role = 'organiser' WHERE id = ?", [
        Buffer.from(userId.replaceAll("-", ""), "hex"),
      ]);
      const { tokens } = await service.client.refreshSession({ refreshToken, requestId: "r" });
      const claims = decodeJwt(tokens?.accessToken ?? "");
      expect(claims).to.include({ sub: userId, sid: sessionId, role: "organiser" });
      const third = await refresh(await refresh(tokens?.refreshToken ?? ""));
      expect(third).not.to.equal(refreshToken);
    });

    it("gives the same refresh token when the same request is delivered again", async () => {
      const { refreshToken } = await signedIn();
      const request = { refreshToken, requestId: "one attempt" };
      const answer = await service.client.refreshSession(request);
      expect(answer.replayed).to.equal(false);
      const first = answer.tokens?.refreshToken ?? "";
      expect((await service.client.refreshSession(request)).replayed).to.equal(true);
      const together = await Promise.all([
        refresh(refreshToken, "one attempt"),
        refresh(refreshToken, "one attempt"),
      ]);
      expect(together).to.deep.equal([first, first]);
      expect(await refresh(first)).to.be.a("string");
    });

    it("gives all of many deliveries at once the same refresh token", async () => {
      const { refreshToken } = await signedIn();
      const tokens = await readingTogether(8, () =>
        Promise.all(Array.from({ length: 8 }, () => outcomeOf(refreshToken, "one attempt"))),
      );
      expect(new Set(tokens).size).to.equal(1);
      expect(await refresh(tokens[0] ?? "")).to.be.a("string");
    });

    it("gives no token again that was used meanwhile, and ends nothing", async () => {
      const { refreshToken } = await signedIn();
      const second = await refresh(refreshToken, "r-1");
      let third: string | undefined;
      const use = async () => {
        if (third === undefined) {
          third = "on its way";
          third = await refresh(second);
        }
      };
      const again = withEachRead(service, use, () => reasonOf(refresh(refreshToken, "r-1")));
      expect(await again).to.equal("BAD_REFRESH_TOKEN");
      expect(await refresh(third ?? "")).to.be.a("string");
    });

    it("ends the whole family when a used token comes again", async () => {
      const before = await metric("tessera_refresh_replays_total");
      const { refreshToken } = await signedIn();
      const second = await refresh(refreshToken);
      const failure = await failureOf(refresh(refreshToken));
      expect(failure).to.include({ reason: "BAD_REFRESH_TOKEN", code: Code.Unauthenticated });
      expect(await reasonOf(refresh(second))).to.equal("BAD_REFRESH_TOKEN");
      expect((await metric("tessera_refresh_replays_total")) - before).to.equal(1);
    });

    it("recognises a token from long ago as a replay", async () => {
      const { refreshToken } = await signedIn();
      const third = await refresh(await refresh(refreshToken, "r-1"), "r-2");
      // The request's answer was used since: whoever delivers it again has stolen it.
      expect(await reasonOf(refresh(refreshToken, "r-1"))).to.equal("BAD_REFRESH_TOKEN");
      expect(await reasonOf(refresh(third))).to.equal("BAD_REFRESH_TOKEN");
    });

    it("leaves one winner of a race, and ends the family", async () => {
      const { refreshToken } = await signedIn();
      const outcomes = await readingTogether(8, () =>
        Promise.all(Array.from({ length: 8 }, () => outcomeOf(refreshToken, randomUUID()))),
      );
      const winners = outcomes.filter((outcome) => outcome !== "BAD_REFRESH_TOKEN");
      expect(winners).to.have.length(1);
      expect(winners[0]).to.match(/^[\w-]{22}\.[\w-]{43}$/);
      expect(await reasonOf(refresh(winners[0] ?? ""))).to.equal("BAD_REFRESH_TOKEN");
    });

    it("lets no stranger end a session", async () => {
      const { refreshToken } = await signedIn();
      const [session = ""] = refreshToken.split(".");
      const other = await signedIn();
      const [, othersSecret = ""] = other.refreshToken.split(".");
      for (const garbage of [
        "",
        session,
        `${session}.`,
        `${session}.${randomBytes(32).toString("base64url")}`,
        `${session}.${othersSecret}`,
        `${randomBytes(16).toString("base64url")}.${randomBytes(32).toString("base64url")}`,
        "x".repeat(100_000),
      ]) {
        expect(await reasonOf(refresh(garbage))).to.equal("BAD_REFRESH_TOKEN");
      }
      expect(await refresh(refreshToken)).to.be.a("string");
      expect(await refresh(other.refreshToken)).to.be.a("string");
    });

    it("wants a request id", async () => {
      const { refreshToken } = await signedIn();
      expect(await reasonOf(refresh(refreshToken, ""))).to.equal("INVALID_FIELD");
    });
  });

  describe("DeleteSession", () => {
    it("ends the session, and again changes nothing", async () => {
      const { userId, sessionId, refreshToken } = await signedIn();
      await service.client.deleteSession({ userId, sessionId });
      await service.client.deleteSession({ userId, sessionId });
      expect(await reasonOf(refresh(refreshToken))).to.equal("BAD_REFRESH_TOKEN");
    });

    it("wins over a refresh that has read its token already", async () => {
      const { userId, sessionId, refreshToken } = await signedIn();
      const signOut = () => service.client.deleteSession({ userId, sessionId });
      const refreshing = withEachRead(service, signOut, () => reasonOf(refresh(refreshToken)));
      expect(await refreshing).to.equal("BAD_REFRESH_TOKEN");
    });

    it("leaves another user's session alone", async () => {
      const [ann, bob] = [await signedIn(), await signedIn()];
      await service.client.deleteSession({ userId: bob.userId, sessionId: ann.sessionId });
      await service.client.deleteSession({ userId: bob.userId, sessionId: randomUUID() });
      expect(await refresh(ann.refreshToken)).to.be.a("string");
    });

    it("names the field that is wrong", async () => {
      const { client } = service;
      for (const [field, request] of [
        ["user_id", { userId: "", sessionId: randomUUID() }],
        ["session_id", { userId: randomUUID(), sessionId: "x" }],
      ] as const) {
        const failure = await failureOf(client.deleteSession(request));
        expect(failure.metadata).to.include({ field });
      }
    });
  });
});
