import { ServiceError } from "@tessera/service-kit/service-error";
import { expect } from "chai";
import { SignJWT } from "jose";
import { type PassClaims, passKeysOf, signPass, verifyPass } from "./admission-pass.ts";

const OLD = "an old secret of thirty-two characters";
const NEW = "a new secret of thirty-two characters";
const CLAIMS: PassClaims = {
  eventId: "0b5e0d7c-5a55-4d5b-9d0e-4d6f2f6f0001",
  userId: "0b5e0d7c-5a55-4d5b-9d0e-4d6f2f6f0002",
  serial: "1893499200000",
  expireTime: new Date(Date.UTC(2030, 0, 1, 12)),
};
const OTHER = "0b5e0d7c-5a55-4d5b-9d0e-4d6f2f6f0004";

describe("verifyPass", () => {
  const keys = passKeysOf([NEW]);

  it("reads what signPass signed", async () => {
    expect(await verifyPass(await signPass(CLAIMS, keys), CLAIMS, keys)).to.deep.equal(CLAIMS);
  });

  it("accepts every key, and signs with the first", async () => {
    const both = passKeysOf([NEW, OLD]);
    const pass = await signPass(CLAIMS, passKeysOf([OLD]));
    expect(await verifyPass(pass, CLAIMS, both)).to.deep.equal(CLAIMS);
    expect(await signPass(CLAIMS, both)).to.equal(await signPass(CLAIMS, keys));
    expect(await reasonOf(verifyPass(pass, CLAIMS, keys))).to.equal("PASS_INVALID");
  });

  it("refuses another user's, and another event's", async () => {
    const pass = await signPass(CLAIMS, keys);
    for (const holder of [
      { ...CLAIMS, userId: OTHER },
      { ...CLAIMS, eventId: OTHER },
    ]) {
      expect(await reasonOf(verifyPass(pass, holder, keys))).to.equal("PASS_INVALID");
    }
  });

  it("reads one that is late: only the waiting room's clock can tell", async () => {
    const late = { ...CLAIMS, expireTime: new Date("2001-01-01T00:00:00Z") };
    expect(await verifyPass(await signPass(late, keys), CLAIMS, keys)).to.deep.equal(late);
  });

  it("refuses whatever else claims to be a pass", async () => {
    const signed = (await signPass(CLAIMS, keys)).split(".");
    const [, payload, signature] = signed;
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const key = keys[0] ?? expect.fail();
    const withoutSerial = await new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setAudience(CLAIMS.eventId)
      .setSubject(CLAIMS.userId)
      .setExpirationTime(CLAIMS.expireTime)
      .sign(key);
    const emptySerial = await signPass({ ...CLAIMS, serial: "" }, keys);
    const bad = [
      "",
      "x",
      "a.b.c",
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${signed[0]}.${Buffer.from("{}").toString("base64url")}.${signature}`,
      "x".repeat(2_000),
      withoutSerial,
      emptySerial,
    ];
    for (const pass of bad) {
      expect(await reasonOf(verifyPass(pass, CLAIMS, keys)), pass).to.equal("PASS_INVALID");
    }
  });
});

describe("signPass", () => {
  it("does not sign without a key", () => {
    expect(() => signPass(CLAIMS, passKeysOf([]))).to.throw(TypeError);
  });
});

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const failure = await promise.catch((reason: unknown) => reason);
  if (!(failure instanceof ServiceError)) {
    throw new Error("it was not refused", { cause: failure });
  }
  return failure.reason;
}
