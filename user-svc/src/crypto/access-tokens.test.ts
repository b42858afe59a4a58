import { generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { signAccessToken } from "./access-tokens.ts";

describe("signAccessToken", () => {
  it("says who, in which session, what they may do, and until when", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const issueTime = new Date("2030-01-01T00:00:00.700Z");
    const token = await signAccessToken(
      { keyId: "k1", privateKey },
      { userId: "u-1", sessionId: "s-1", role: "organiser", issueTime, seconds: 900 },
    );
    expect(decodeProtectedHeader(token)).to.deep.equal({ alg: "EdDSA", kid: "k1", typ: "JWT" });
    const { payload } = await jwtVerify(token, publicKey, {
      issuer: "tessera",
      audience: "tessera",
      algorithms: ["EdDSA"],
      currentDate: issueTime,
    });
    const iat = Date.parse("2030-01-01T00:00:00Z") / 1000;
    expect(payload).to.deep.equal({
      sub: "u-1",
      sid: "s-1",
      role: "organiser",
      iss: "tessera",
      aud: "tessera",
      iat,
      exp: iat + 900,
    });
  });
});
