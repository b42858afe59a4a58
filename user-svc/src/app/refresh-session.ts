import {
  nextSecret,
  parseRefreshToken,
  requestKeyOf,
  secretHash,
} from "../crypto/refresh-token.ts";
import { badRefreshToken } from "../domain/errors.ts";
import { type IssuedToken, judgeRefresh } from "../domain/session.ts";
import { parseRequestId } from "../domain/user.ts";
import type { App } from "./app.ts";
import { issueTokens, type TokenPair } from "./issue-tokens.ts";

/**
 * Exchanges a refresh token for a new pair.
 *
 * The same token with the same request id gives the same refresh token, until that one is used.
 * Any other second use ends the session: two concurrent calls with different request ids leave
 * one winner, whose new refresh token is dead as well. Throws INVALID_FIELD, BAD_REFRESH_TOKEN.
 */
export async function refreshSession(
  app: App,
  request: { requestId: string; refreshToken: string },
): Promise<{ tokens: TokenPair; replayed: boolean }> {
  const requestId = parseRequestId(request.requestId);
  const requestKey = requestKeyOf(requestId);
  const presented = parseRefreshToken(request.refreshToken);
  if (presented === undefined) {
    throw badRefreshToken();
  }
  const { sessionId } = presented;
  const usedHash = secretHash(presented.secret);
  const secret = nextSecret(app.refreshKey, presented.secret, requestId);
  const now = app.clock();

  let token = await app.sessions.findToken(sessionId, usedHash);
  let verdict = judgeRefresh(token, requestKey, now);
  if (verdict === "rotate" && token !== undefined) {
    const expireTime = new Date(now.getTime() + app.refreshTokenMs);
    const next = { sessionId, secretHash: secretHash(secret), createTime: now, expireTime };
    const { generation } = token;
    // What cannot be signed must not use the token up.
    await app.keyRing.signer();
    if (await app.sessions.rotate({ usedHash, generation, requestKey, next })) {
      const tokens = await issueTokens(app, token, { sessionId, secret });
      return { tokens, replayed: false };
    }
    // Somebody was faster: this very request, another holder of the token, or a sign-out.
    token = await app.sessions.findToken(sessionId, usedHash);
    verdict = judgeRefresh(token, requestKey, now);
  }
  if (verdict === "repeat" && token !== undefined) {
    const next = await app.sessions.findToken(sessionId, secretHash(secret));
    if (next === undefined || next.generation !== next.newestGeneration) {
      // The server's key was changed, or it was used just now: neither is anybody's theft.
      throw badRefreshToken();
    }
    return { tokens: await issueTokens(app, token, { sessionId, secret }), replayed: true };
  }
  if (verdict === "replay" && token !== undefined) {
    await endFamily(app, token, now);
  }
  throw badRefreshToken();
}

async function endFamily(app: App, token: IssuedToken, endTime: Date): Promise<void> {
  const { sessionId, userId } = token;
  if (await app.sessions.end({ sessionId, userId, reason: "replayed", endTime })) {
    app.observer.refreshReplay();
  }
}
