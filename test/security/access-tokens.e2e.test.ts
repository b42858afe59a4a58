import { createHash, generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { type Buyer, newBuyer, newBuyers } from "../market.ts";
import { call } from "../rest.ts";
import { useSharedSystem } from "../shared-system.ts";
import { byKey, bySecret, claimsOf, jwt, secondsFromNow, unsigned } from "./jwt.ts";
import { useSystemKeys } from "./system-keys.ts";

/** Everything that a 401 may say: which check failed, and nothing of what it compared with. */
const DETAILS = [
  "an access token is required",
  "the access token has expired",
  "the access token is not valid",
  "the access token is signed with an unknown key",
  "the access token is too long",
  "the access token lacks a claim",
];

describe("access tokens", () => {
  const system = useSharedSystem();
  const keys = useSystemKeys(system);
  const me = () => `${system.bffUrl()}/v1/users/me`;
  const stranger = generateKeyPairSync("ed25519");
  let buyer: Buyer;
  /** What a good token says. */
  let good: Record<string, unknown>;
  before(async () => {
    buyer = await newBuyer(system.bffUrl());
    good = claimsOf(buyer.token);
    // The BFF never saw that key. It asks for keys when it meets an unknown one, every 3 s at most.
    await until("the BFF knows the key", async () => {
      return (await call(me(), { token: token() })).status === 200;
    });
  });

  /** A token that is good but for what is said here. */
  function token(claims: object = {}, header: object = {}): string {
    const { keyId, privateKey } = keys.previous;
    const whole = { alg: "EdDSA", kid: keyId, typ: "JWT", ...header };
    return jwt(whole, { ...good, ...claims }, byKey(privateKey));
  }

  async function expectRefused(what: string, headers: Record<string, string>): Promise<void> {
    const answer = await call(me(), { headers });
    expect([what, answer.status, answer.body?.code]).to.deep.equal([what, 401, "UNAUTHENTICATED"]);
    const why = /^bearer\s/i.test(headers.authorization ?? "") ? ', error="invalid_token"' : "";
    expect(answer.headers.get("www-authenticate"), what).to.equal(`Bearer realm="tessera"${why}`);
    expect(answer.headers.get("cache-control"), what).to.equal("no-store");
    const { detail, requestId: _requestId, ...rest } = answer.body;
    expect(detail, what).to.be.oneOf(DETAILS);
    expect(rest, what).to.deep.equal({
      type: "/docs/problems#unauthenticated",
      title: "Sign in first",
      status: 401,
      code: "UNAUTHENTICATED",
      retryable: false,
    });
  }

  async function expectAllRefused(tokens: Readonly<Record<string, string>>): Promise<void> {
    for (const [what, each] of Object.entries(tokens)) {
      await expectRefused(what, { authorization: `Bearer ${each}` });
    }
  }

  // Every token below differs from this one in what its name says.
  it("are accepted when the key before signed them", async () => {
    const answer = await call<{ id: string }>(me(), { token: token() });
    expect([answer.status, answer.body.id]).to.deep.equal([200, buyer.userId]);
  });

  it("say who it is: another's is another, and a customer's is no organiser's", async () => {
    const [other] = (await newBuyers(system.bffUrl(), 1)) as [Buyer];
    const answer = await call<{ id: string; role: string }>(me(), { token: other.token });
    expect(answer.body).to.include({ id: other.userId, role: "customer" });
  });

  it("are refused when another key, or none, signed them", async () => {
    const { keyId, publicKey, privateKey } = keys.previous;
    const [header = "", payload = "", signature = ""] = token().split(".");
    const hmac = { alg: "HS256", kid: keyId };
    const jwk = stranger.publicKey.export({ format: "jwk" });
    const spki = stranger.publicKey.export({ format: "pem", type: "spki" });
    const theirs = byKey(stranger.privateKey);
    await expectAllRefused({
      "alg none": jwt({ alg: "none", kid: keyId }, good, unsigned),
      "alg None": jwt({ alg: "None", kid: keyId }, good, unsigned),
      "alg none, with a signature": `${jwt({ alg: "none", kid: keyId }, good, unsigned)}${signature}`,
      "no alg": jwt({ kid: keyId }, good, byKey(privateKey)),
      "HS256 with the public key's bytes": jwt(hmac, good, bySecret(publicKey)),
      "HS256 with the public key as it is listed": jwt(
        hmac,
        good,
        bySecret(publicKey.toString("base64url")),
      ),
      "HS256 with nothing": jwt(hmac, good, bySecret("")),
      "another key": jwt({ alg: "EdDSA", kid: keyId }, good, theirs),
      "a key that it brings along": jwt({ alg: "EdDSA", kid: keyId, jwk }, good, theirs),
      "a certificate that it brings along": jwt(
        { alg: "EdDSA", kid: keyId, x5c: [spki.toString()], x5u: "http://127.0.0.1:1/" },
        good,
        theirs,
      ),
      "no signature": `${header}.${payload}.`,
      "a signature of zeros": `${header}.${payload}.${Buffer.alloc(64).toString("base64url")}`,
      "another token's signature": `${header}.${payload}.${buyer.token.split(".")[2]}`,
      "a key that was retired": jwt(
        { alg: "EdDSA", kid: keys.retired.keyId },
        good,
        byKey(keys.retired.privateKey),
      ),
    });
  });

  it("are refused when their key's name is no name", async () => {
    const kids: Readonly<Record<string, unknown>> = {
      unknown: randomUUID(),
      empty: "",
      path: "../../../../../../dev/null",
      address: "http://127.0.0.1:1/keys.json",
      sql: `' UNION SELECT public_key FROM signing_key -- `,
      redis: "*\r\nFLUSHALL\r\n",
      prototype: "__proto__",
      constructor: "constructor",
      number: 1,
      list: [keys.previous.keyId],
      object: { kid: keys.previous.keyId },
      nothing: null,
    };
    const named = Object.entries(kids).map(([what, kid]) => [what, token({}, { kid })]);
    await expectAllRefused(Object.fromEntries(named));
  });

  it("are refused when they are not good now, not ours, or not whole", async () => {
    await expectAllRefused({
      expired: token({ exp: secondsFromNow(-1) }),
      "not good yet": token({ nbf: secondsFromNow(60) }),
      "good for ever": token({ exp: undefined }),
      "good until a word": token({ exp: "tomorrow" }),
      "another issuer": token({ iss: "elsewhere" }),
      "no issuer": token({ iss: undefined }),
      "another audience": token({ aud: "elsewhere" }),
      "no audience": token({ aud: undefined }),
      "no user": token({ sub: undefined }),
      "a user that is no id": token({ sub: "' OR '1'='1" }),
      "users, several": token({ sub: [good.sub] }),
      "no session": token({ sid: undefined }),
      "a session that is no id": token({ sid: "1" }),
      "no role": token({ role: undefined }),
      "a role that there is not": token({ role: "admin" }),
      "roles, several": token({ role: ["customer", "organiser"] }),
      "something critical that nobody knows": token({}, { crit: ["exp2"], exp2: 1 }),
      "a payload that is not encoded": token({}, { crit: ["b64"], b64: false }),
      "an admission pass": jwt(
        { alg: "HS256" },
        { aud: "tessera", sub: good.sub, jti: "1", exp: good.exp },
        bySecret(system.settings.passSecret),
      ),
      "a payload that is no JSON": jwt(
        { alg: "EdDSA", kid: keys.previous.keyId },
        "none",
        byKey(keys.previous.privateKey),
      ),
    });
  });

  it("are refused when anything in them was changed", async () => {
    const [header = "", payload = "", signature = ""] = buyer.token.split(".");
    const changed = (claims: object) =>
      Buffer.from(JSON.stringify({ ...good, ...claims })).toString("base64url");
    await expectAllRefused({
      "another user": `${header}.${changed({ sub: randomUUID() })}.${signature}`,
      "another role": `${header}.${changed({ role: "organiser" })}.${signature}`,
      "another end": `${header}.${changed({ exp: 4_102_444_800 })}.${signature}`,
      "less at the end": buyer.token.slice(0, -1),
      "less at the beginning": buyer.token.slice(1),
      "half of it": buyer.token.slice(0, buyer.token.length / 2),
      "no header": `.${payload}.${signature}`,
      "no payload": `${header}..${signature}`,
      "more parts": `${buyer.token}.${payload}`,
      "five parts": `${buyer.token}.${payload}.${signature}`,
      "only dots": "..",
      "a hash of it": createHash("sha256").update(buyer.token).digest("base64url"),
      "very much, well signed": token({ more: "x".repeat(4_096) }),
    });
  });

  it("are refused from anywhere but one Authorization header with the right scheme", async () => {
    const { token: whole } = buyer;
    for (const authorization of [
      whole,
      `Bearer${whole}`,
      `Basic ${whole}`,
      `Token ${whole}`,
      `Basic ${Buffer.from(`${buyer.userId}:${whole}`).toString("base64")}`,
      `Bearer Bearer ${whole}`,
      `Bearer ${whole}, Bearer ${whole}`,
      `Bearer "${whole}"`,
      "Bearer undefined",
      "Bearer null",
    ]) {
      await expectRefused(authorization, { authorization });
    }
    await expectRefused("a cookie", { cookie: `access_token=${whole}; authorization=${whole}` });
    await expectRefused("another header", { "x-authorization": `Bearer ${whole}` });
    // What the BFF tells its services is not believed when a client says it.
    const claims = { "x-tessera-user-id": buyer.userId, "x-tessera-role": "organiser" };
    await expectRefused("the BFF's own words", claims);
    const query = await call(`${me()}?access_token=${whole}`);
    expect(query.status).to.equal(401);
  });

  // A proxy in front may have looked at the other one.
  it("are refused in two Authorization headers, whichever comes first", async () => {
    const bad = "Bearer a.b.c";
    const ours = `Bearer ${buyer.token}`;
    const { host } = new URL(me());
    for (const [first, second] of [
      [bad, ours],
      [ours, bad],
      [ours, ours],
    ] as const) {
      const headers = ["host", host, "authorization", first, "authorization", second];
      const [answer] = (await once(get(me(), { headers }), "response")) as [IncomingMessage];
      answer.resume();
      expect([first, second, answer.statusCode]).to.deep.equal([first, second, 401]);
    }
  });
});
