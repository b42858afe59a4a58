import { once } from "node:events";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { useApp } from "./use-app.ts";

describe("accounts and sessions", () => {
  // No call ends by its deadline.
  const api = useApp({ rpcTimeoutMs: 60_000 });
  const password = "correct horse battery";
  const newEmail = () => `Ann.${crypto.randomUUID()}@Example.com`;

  async function signUp(email = newEmail()) {
    await api.ask("POST", "/v1/users", { body: { email, password, name: "Ann" } });
    const { body } = await api.ask("POST", "/v1/sessions", { body: { email, password } });
    return { email, ...body };
  }

  it("signs up, in, and finds itself", async () => {
    const { accessToken, tokenType, email } = await signUp();
    expect(tokenType).to.equal("Bearer");
    const { status, body } = await api.ask("GET", "/v1/users/me", { token: accessToken });
    expect(status).to.equal(200);
    expect(body).to.include({ email, name: "Ann", role: "customer" });
  });

  it("says where sign-ups and sign-ins come from, but not as an address", async () => {
    const originAt = async (address: string) => {
      const headers = { "x-forwarded-for": address, "x-tessera-origin": "elsewhere" };
      const body = { email: newEmail(), password };
      await api.ask("POST", "/v1/users", { body: { ...body, name: "Ann" }, headers });
      await api.ask("POST", "/v1/sessions", { body, headers });
      const calls = ["createUser", "createSession"].map((method) =>
        api.services.callsOf(method).at(-1)?.headers.get("x-tessera-origin"),
      );
      expect(new Set(calls)).to.have.length(1);
      return calls[0];
    };
    const origin = await originAt("2001:db8::1");
    expect(origin).to.match(/^[\w-]{43}$/);
    expect(await originAt("2001:db8::2")).to.equal(origin);
    expect(await originAt("2001:db8:0:1::1")).not.to.equal(origin);
  });

  it("cancels the sign-up of a client that hangs up", async () => {
    const { before } = api.services;
    const client = new AbortController();
    before.set("createUser", async (signal) => {
      const cancelled = once(signal, "abort");
      client.abort();
      await cancelled;
      before.delete("createUser");
    });
    const call = fetch(`${api.url}/v1/users`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: newEmail(), password, name: "Ann" }),
      signal: client.signal,
    });
    expect(await call.catch((reason: Error) => reason.name)).to.equal("AbortError");
    await untilTrue(() => !before.has("createUser"));
  });

  it("refuses a taken address, and replays the first answer for the same key", async () => {
    const body = { email: newEmail(), password, name: "Ann" };
    const first = await api.ask("POST", "/v1/users", { body, key: "k" });
    expect(first.status).to.equal(201);
    const again = await api.ask("POST", "/v1/users", { body, key: "k" });
    expect(again.headers.get("idempotent-replayed")).to.equal("true");
    expect(again.body).to.deep.equal(first.body);
    const taken = await api.ask("POST", "/v1/users", { body: { ...body, name: "Bob" } });
    expect([taken.status, taken.body.code]).to.deep.equal([409, "EMAIL_TAKEN"]);
  });

  for (const [field, change] of [
    ["email", { email: "nobody" }],
    ["email", { email: "a\u0000nn@x.test" }],
    ["email", { email: "ann\ue000@x.test" }],
    ["email", { email: "ann\u202e@x.test" }],
    ["email", { email: `${"x".repeat(250)}@x.test` }],
    ["password", { password: "short" }],
    ["name", { name: "  " }],
    ["name", { name: "a\nb" }],
    ["role", { role: "organiser" }],
  ] as const) {
    it(`refuses a sign-up with ${JSON.stringify(change).slice(0, 40)}`, async () => {
      const body = { email: newEmail(), password, name: "Ann", ...change };
      const answer = await api.ask("POST", "/v1/users", { body });
      expect([answer.status, answer.body.code]).to.deep.equal([400, "INVALID_FIELD"]);
      expect(answer.body.errors[0].field).to.equal(field);
    });
  }

  it("answers the same for an unknown address and a wrong password", async () => {
    const { email } = await signUp();
    const wrong = await api.ask("POST", "/v1/sessions", { body: { email, password: "wrong" } });
    const body = { email: newEmail(), password };
    const unknown = await api.ask("POST", "/v1/sessions", { body });
    expect([wrong.status, wrong.body.code]).to.deep.equal([401, "BAD_CREDENTIALS"]);
    const { requestId: _one, ...told } = wrong.body;
    const { requestId: _other, ...toldToo } = unknown.body;
    expect(told).to.deep.equal(toldToo);
  });

  it("needs an address and a password", async () => {
    const { status, body } = await api.ask("POST", "/v1/sessions", { body: {} });
    expect([status, body.errors.length]).to.deep.equal([400, 2]);
  });

  it("rotates refresh tokens, and refuses a used one", async () => {
    const { refreshToken } = await signUp();
    const first = await api.ask("POST", "/v1/sessions/refresh", { body: { refreshToken } });
    expect(first.status).to.equal(200);
    expect(first.body.refreshToken).not.equal(refreshToken);
    const again = await api.ask("POST", "/v1/sessions/refresh", { body: { refreshToken } });
    expect([again.status, again.body.code]).to.deep.equal([401, "BAD_REFRESH_TOKEN"]);
    const none = await api.ask("POST", "/v1/sessions/refresh", { body: {} });
    expect(none.status).to.equal(400);
  });

  it("signs out the session of the token", async () => {
    const [userId, sessionId] = [crypto.randomUUID(), crypto.randomUUID()];
    const token = await api.token({ userId, sessionId });
    const { status } = await api.ask("DELETE", "/v1/sessions/current", { token });
    expect(status).to.equal(204);
    const call = api.services.callsOf("deleteSession").at(-1);
    expect(call?.message).to.include({ userId, sessionId });
  });

  it("says so when the account is gone", async () => {
    const { status, body } = await api.ask("GET", "/v1/users/me", { token: await api.token() });
    expect([status, body.code]).to.deep.equal([404, "USER_NOT_FOUND"]);
  });

  it("never logs what is secret", async () => {
    const { accessToken, refreshToken, email } = await signUp();
    const log = JSON.stringify(api.lines);
    for (const secret of [accessToken, refreshToken, email, password]) {
      expect(log).not.to.include(secret);
    }
  });
});
