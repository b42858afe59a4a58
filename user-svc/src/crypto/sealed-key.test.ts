import { createPublicKey, randomBytes, sign, verify } from "node:crypto";
import { expect } from "chai";
import { createSealedKey, openSealedKey } from "./sealed-key.ts";

describe("a sealed key", () => {
  const sealingKey = randomBytes(32);
  const { publicKey, sealedPrivateKey } = createSealedKey("k1", sealingKey);

  it("opens to the private part of its public key", () => {
    const opened = openSealedKey("k1", sealedPrivateKey, sealingKey);
    const jwk = { kty: "OKP", crv: "Ed25519", x: publicKey.toString("base64url") };
    const signature = sign(null, Buffer.from("text"), opened);
    const isGood = verify(
      null,
      Buffer.from("text"),
      createPublicKey({ key: jwk, format: "jwk" }),
      signature,
    );
    expect(isGood).to.equal(true);
  });

  it("does not open with another key, for another id, or when it was changed", () => {
    const changed = Buffer.from(sealedPrivateKey);
    changed[40] = (changed[40] ?? 0) ^ 1;
    const message = /was sealed with another KEY_ENCRYPTION_KEY/;
    expect(() => openSealedKey("k1", sealedPrivateKey, randomBytes(32))).to.throw(message);
    expect(() => openSealedKey("k2", sealedPrivateKey, sealingKey)).to.throw(message);
    expect(() => openSealedKey("k1", changed, sealingKey)).to.throw(message);
  });
});
