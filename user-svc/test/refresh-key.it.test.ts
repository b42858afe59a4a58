import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { formatRefreshToken, nextSecret, parseRefreshToken } from "../src/crypto/refresh-token.ts";
import { reasonOf, refreshesOf, signedInTo, useUserService } from "./use-user-service.ts";

describe("the key that refresh tokens follow from", () => {
  const service = useUserService();

  const refresh = refreshesOf(service);

  it("keeps an old token and a guessed request id from telling the newest one", async () => {
    const { refreshToken } = await signedInTo(service);
    const second = await refresh(refreshToken, "1");
    const used = parseRefreshToken(refreshToken) ?? { sessionId: "", secret: Buffer.alloc(0) };
    const secret = nextSecret(Buffer.alloc(32), used.secret, "1");
    const guessed = formatRefreshToken({ ...used, secret });
    expect(await reasonOf(refresh(guessed))).to.equal("BAD_REFRESH_TOKEN");
    expect(await refresh(second)).to.be.a("string");
  });

  it("may change: a repeat from before is refused, and the session goes on", async () => {
    const { refreshToken } = await signedInTo(service);
    const second = await refresh(refreshToken, "1");
    const { refreshKey } = service.app;
    service.app.refreshKey = randomBytes(32);
    try {
      expect(await reasonOf(refresh(refreshToken, "1"))).to.equal("BAD_REFRESH_TOKEN");
      expect(await refresh(second)).to.be.a("string");
    } finally {
      service.app.refreshKey = refreshKey;
    }
  });
});
