import { randomBytes } from "node:crypto";
import { expect } from "chai";
import {
  formatRefreshToken,
  nextSecretWithoutKey,
  parseRefreshToken,
  requestKeyOf,
  secretHash,
} from "../src/crypto/refresh-token.ts";
import { reasonOf, refreshesOf, signedInTo, useUserService } from "./use-user-service.ts";

describe("the key that refresh tokens follow from", () => {
  const service = useUserService();

  const refresh = refreshesOf(service);

  /** What follows on a token for whoever knows the request id, and not the key. */
  function guess(refreshToken: string, requestId: string) {
    const used = parseRefreshToken(refreshToken);
    if (used === undefined) {
      throw new Error(`${refreshToken} is no refresh token`);
    }
    const { sessionId } = used;
    const secret = nextSecretWithoutKey(used.secret, requestId);
    return { used, next: { sessionId, secret } };
  }

  it("keeps an old token and a guessed request id from telling the newest one", async () => {
    const { refreshToken } = await signedInTo(service);
    const second = await refresh(refreshToken, "1");
    const guessed = formatRefreshToken(guess(refreshToken, "1").next);
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

  it("is not asked of what a release without one made: its repeat gets the same", async () => {
    const { refreshToken } = await signedInTo(service);
    const { used, next } = guess(refreshToken, "1");
    const createTime = service.app.clock();
    await service.app.sessions.rotate({
      usedHash: secretHash(used.secret),
      generation: 1,
      requestKey: requestKeyOf("1"),
      next: {
        ...{ sessionId: next.sessionId, secretHash: secretHash(next.secret), createTime },
        expireTime: new Date(createTime.getTime() + 60_000),
      },
    });
    const second = formatRefreshToken(next);
    expect(await refresh(refreshToken, "1")).to.equal(second);
    expect(await refresh(second)).to.be.a("string");
  });
});
