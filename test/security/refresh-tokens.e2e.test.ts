import { randomBytes, randomUUID } from "node:crypto";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { expect } from "chai";
import { type Answer, call } from "../rest.ts";
import { useSharedSystem } from "../shared-system.ts";
import { claimsOf } from "./jwt.ts";
import { inUserSchema } from "./system-keys.ts";

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

describe("refresh tokens", () => {
  const system = useSharedSystem();
  const url = () => `${system.bffUrl()}/v1/sessions`;
  const person = { email: `${randomUUID()}@example.com`, password: "a password for tests" };
  before(async () => {
    const body = { ...person, name: "Ann" };
    expect((await call(`${system.bffUrl()}/v1/users`, { body })).status).to.equal(201);
  });

  async function newSession(): Promise<Tokens> {
    return (await call<Tokens>(url(), { body: person })).body;
  }

  const refresh = (refreshToken: string, key?: string) =>
    call<Tokens>(`${url()}/refresh`, { body: { refreshToken }, key });

  /** The token that follows. */
  async function next(refreshToken: string): Promise<string> {
    const { status, text, body } = await refresh(refreshToken);
    expect(status, text).to.equal(200);
    return body.refreshToken;
  }

  /** Everything that an answer tells, but for what is another each time. */
  function told({ status, headers, body }: Answer): unknown {
    const { requestId: _requestId, ...problem } = body;
    // What the limit has left counts the requests, and says nothing of the token.
    const names = ["date", "x-request-id", "ratelimit"];
    return { status, headers: [...headers].filter(([name]) => !names.includes(name)), problem };
  }

  it("are refused in the same words, whether they were ever good or not", async () => {
    const [used, out, late, good] = await Promise.all([
      newSession(),
      newSession(),
      newSession(),
      newSession(),
    ]);
    const newest = await next(used.refreshToken);
    expect((await refresh(used.refreshToken)).status).to.equal(401);
    const end = { method: "DELETE", token: out.accessToken } as const;
    expect((await call(`${url()}/current`, end)).status).to.equal(204);
    await inUserSchema(system, "UPDATE refresh_token SET expire_time = ? WHERE session_id = ?", [
      new Date(Date.now() - 1_000),
      uuidToBytes(String(claimsOf(late.accessToken).sid)),
    ]);
    const [session = "", secret = ""] = good.refreshToken.split(".");
    const random = (bytes: number) => randomBytes(bytes).toString("base64url");
    const refused: Readonly<Record<string, string>> = {
      "used before": used.refreshToken,
      "the newest of a family that ended": newest,
      "of a session that was signed out": out.refreshToken,
      "too late": late.refreshToken,
      "of no session": `${random(16)}.${random(32)}`,
      "of a session, with a secret that was guessed": `${session}.${random(32)}`,
      "of a session, with another's secret": `${session}.${newest.split(".")[1]}`,
      "with one bit changed": `${session}.${flipped(secret)}`,
      "cut short": good.refreshToken.slice(0, -1),
      "with more at its end": `${good.refreshToken}A`,
      "with a space": ` ${good.refreshToken}`,
      "without a secret": `${session}.`,
      "an access token": good.accessToken,
      "no token": "' OR 1 = 1 -- ",
      prototype: "__proto__",
    };
    const first = told(await refresh("x"));
    expect(first).to.deep.include({ status: 401 });
    for (const [what, token] of Object.entries(refused)) {
      expect(told(await refresh(token)), what).to.deep.equal(first);
    }
    // None of that has ended the good one, nor made it an access token.
    const bearer = await call(`${system.bffUrl()}/v1/users/me`, { token: good.refreshToken });
    expect(bearer.status).to.equal(401);
    await next(good.refreshToken);
  });

  it("end their family when one comes twice, and no other", async () => {
    const [stolen, other] = await Promise.all([newSession(), newSession()]);
    const third = await next(await next(stolen.refreshToken));
    expect((await refresh(stolen.refreshToken)).status).to.equal(401);
    expect((await refresh(third)).status).to.equal(401);
    await next(await next(other.refreshToken));
  });

  it("have one winner when thief and owner come at once, and that one is dead as well", async () => {
    const { refreshToken } = await newSession();
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 401]);
    const winner = answers.find(({ status }) => status === 200)?.body.refreshToken ?? "";
    expect((await refresh(winner)).status).to.equal(401);
  });

  it("are exchanged once when one try is delivered twice", async () => {
    const { refreshToken } = await newSession();
    const key = randomUUID();
    const answers = await Promise.all([refresh(refreshToken, key), refresh(refreshToken, key)]);
    const [first = "", second] = answers.map(({ body }) => body.refreshToken);
    expect(second).to.equal(first);
    await next(first);
  });
});

/** The secret with its lowest bit turned. */
function flipped(secret: string): string {
  const bytes = Buffer.from(secret, "base64url");
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes.toString("base64url");
}
