import { expect } from "chai";
import { SignJWT } from "jose";
import { makeKey, signToken, type TestKey } from "./key-ring.ts";
import { useApp } from "./use-app.ts";

describe("authentication", () => {
  const api = useApp();
  const me = (authorization?: string) =>
    api.ask(
      "GET",
      "/v1/reservations",
      authorization === undefined ? {} : { headers: { authorization } },
    );

  async function expectRefused(authorization: string | undefined): Promise<void> {
    const { status, headers, body } = await me(authorization);
    expect([status, body.code], authorization).to.deep.equal([401, "UNAUTHENTICATED"]);
    const why = /^bearer \S/i.test(authorization ?? "") ? ', error="invalid_token"' : "";
    expect(headers.get("www-authenticate")).to.equal(`Bearer realm="tessera"${why}`);
  }

  function newestKey(): TestKey {
    const key = api.services.users.keys[0];
    if (key === undefined) {
      throw new Error("there is no key");
    }
    return key;
  }

  it("lets a good token pass, whatever the case of its scheme", async () => {
    const token = await api.token();
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      expect((await me(`${scheme} ${token}`)).status).to.equal(200);
    }
  });

  it("refuses what is no token", async () => {
    for (const header of [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      "Basic YTpi",
      "Bearer a.b.c",
      "Bearer x",
    ]) {
      await expectRefused(header);
    }
    await expectRefused(`Bearer ${"x".repeat(5000)}`);
  });

  it("refuses a token without a signature", async () => {
    const [, payload] = (await api.token()).split(".");
    const header = Buffer.from('{"alg":"none","kid":"key-1"}').toString("base64url");
    await expectRefused(`Bearer ${header}.${payload}.`);
  });

  it("refuses a token signed with a shared secret", async () => {
    const secret = new TextEncoder().encode(newestKey().publicKey);
    const token = await new SignJWT({ sid: crypto.randomUUID(), role: "organiser" })
      .setProtectedHeader({ alg: "HS256", kid: "key-1" })
      .setIssuer("tessera")
      .setAudience("tessera")
      .setSubject(crypto.randomUUID())
      .setExpirationTime("1h")
      .sign(secret);
    await expectRefused(`Bearer ${token}`);
  });

  it("refuses a token signed with another key of the same name", async () => {
    await expectRefused(`Bearer ${await signToken(await makeKey("key-1"))}`);
  });

  it("refuses a token that was changed", async () => {
    const [header, , signature] = (await api.token()).split(".");
    const [, payload] = (await api.token({ role: "organiser" })).split(".");
    await expectRefused(`Bearer ${header}.${payload}.${signature}`);
  });

  for (const wrong of [
    { expiresIn: -1 },
    { issuer: "elsewhere" },
    { audience: "elsewhere" },
    { role: "admin" },
    { userId: "root" },
    { sessionId: "none" },
  ]) {
    it(`refuses a token with ${JSON.stringify(wrong)}`, async () => {
      await expectRefused(`Bearer ${await api.token(wrong)}`);
    });
  }

  it("says when a token has expired", async () => {
    const { body } = await me(`Bearer ${await api.token({ expiresIn: -1 })}`);
    expect(body.detail).to.include("expired");
  });

  it("remembers a token that it verified", async () => {
    const before = api.tokens.size;
    const token = await api.token();
    await Promise.all([me(`Bearer ${token}`), me(`Bearer ${token}`), me(`Bearer ${token}`)]);
    expect(api.tokens.size).to.equal(before + 1);
  });

  it("learns a new key when a token is signed with one, and forgets one that is listed no more", async () => {
    const old = newestKey();
    const oldToken = await signToken(old);
    api.services.users.keys = [await makeKey("key-2"), old];
    expect((await me(`Bearer ${await api.token()}`)).status).to.equal(200);
    expect((await me(`Bearer ${oldToken}`)).status).to.equal(200);
    api.services.users.keys = [await makeKey("key-3")];
    expect((await me(`Bearer ${await api.token()}`)).status).to.equal(200);
    await expectRefused(`Bearer ${await signToken(old)}`);
    // Remembered or not: whoever stole the key may have made one that lasts for ever.
    await expectRefused(`Bearer ${oldToken}`);
  });

  it("keeps its keys while user-svc is away", async () => {
    const known = await api.token();
    api.services.before.set("listSigningKeys", () => {
      throw new Error("away");
    });
    await expectRefused(`Bearer ${await signToken(await makeKey("key-4"))}`);
    expect((await me(`Bearer ${known}`)).status).to.equal(200);
    api.services.before.clear();
  });
});

describe("a token that is remembered", () => {
  let nowMs = Date.now();
  const api = useApp({ clock: () => new Date(nowMs) });

  it("is good until it expires, and no longer", async () => {
    const token = await api.token();
    const ask = () => api.ask("GET", "/v1/reservations", { token });
    expect((await ask()).status).to.equal(200);
    const { expireMs = 0 } = api.tokens.recall(token) ?? {};
    nowMs = expireMs - 1;
    expect(api.tokens.recall(token)).to.include({ expireMs });
    expect((await ask()).status).to.equal(200);
    nowMs = expireMs;
    expect(api.tokens.recall(token)).to.equal(undefined);
    const { status, body } = await ask();
    expect([status, body.detail]).to.deep.equal([401, "the access token has expired"]);
  });
});

describe("a flood of unknown keys", () => {
  const api = useApp({ unknownKeyMs: 600_000 });

  it("asks user-svc once in a while only", async () => {
    const strange = await makeKey("strange");
    const ask = async () => {
      const headers = { authorization: `Bearer ${await signToken(strange)}` };
      return (await api.ask("GET", "/v1/reservations", { headers })).status;
    };
    for (let count = 0; count < 10; count += 1) {
      expect(await ask()).to.equal(401);
    }
    // The one at the start; the next is due in ten minutes.
    expect(api.services.callsOf("listSigningKeys")).to.have.length(1);
  });
});
