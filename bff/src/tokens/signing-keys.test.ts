import { create } from "@bufbuild/protobuf";
import { SigningKeySchema } from "@tessera/proto/user/v1/session_pb";
import { expect } from "chai";
import { exportJWK, generateKeyPair } from "jose";
import pino from "pino";
import { AccessTokens } from "./access-tokens.ts";
import { SigningKeys } from "./signing-keys.ts";

const logger = pino({ level: "silent" });

async function listedKey(keyId: string) {
  const { publicKey } = await generateKeyPair("EdDSA", { extractable: true });
  return create(SigningKeySchema, { keyId, publicKey: (await exportJWK(publicKey)).x ?? "" });
}

describe("SigningKeys", () => {
  let keys: SigningKeys | undefined;
  afterEach(() => keys?.close());

  it("is not loaded until the keys were listed once, and tries again by itself", async () => {
    const key = await listedKey("k");
    const listings: (() => void)[] = [];
    let attempts = 0;
    const second = new Promise<void>((resolve) => listings.push(resolve));
    keys = new SigningKeys({
      list: async () => {
        attempts += 1;
        if (attempts === 1) {
          throw new Error("away");
        }
        listings[0]?.();
        return [key];
      },
      logger,
      timeoutMs: 1_000,
      retryMs: 1,
      refreshMs: 3_600_000,
    });
    await keys.start();
    expect(() => keys?.checkLoaded()).to.throw("user-svc is unavailable");
    await second;
    expect(await keys.find("k")).not.equal(undefined);
    keys.checkLoaded();
  });

  it("answers UNAVAILABLE while it knows no keys at all", async () => {
    const failing = new SigningKeys({
      list: () => Promise.reject(new Error("away")),
      logger,
      timeoutMs: 1_000,
    });
    const failure: unknown = await failing.find("k").catch((reason: unknown) => reason);
    expect(failure).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    const tokens = new AccessTokens({ keys: failing });
    const token = "eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.e30.AAAA";
    const refused: unknown = await tokens.verify(token).catch((reason: unknown) => reason);
    expect(refused).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
  });

  it("lists once however many ask", async () => {
    const key = await listedKey("k");
    let attempts = 0;
    const list = async () => {
      attempts += 1;
      return [key];
    };
    const fresh = new SigningKeys({ list, logger, timeoutMs: 1_000 });
    await Promise.all(["k", "k", "other"].map((keyId) => fresh.find(keyId)));
    expect(attempts).to.equal(1);
  });
});
