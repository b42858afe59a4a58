import { signAccessToken } from "../crypto/access-tokens.ts";
import { formatRefreshToken, type RefreshToken } from "../crypto/refresh-token.ts";
import type { Role } from "../domain/user.ts";
import type { App } from "./app.ts";

/** What a signed-in person holds. */
export interface TokenPair {
  accessToken: string;
  /** How long the access token is good for, in seconds. */
  expiresIn: number;
  refreshToken: string;
}

/** Makes the pair of a session whose refresh token is stored already. */
export async function issueTokens(
  app: Pick<App, "keyRing" | "clock" | "accessTokenSeconds">,
  holder: { userId: string; role: Role },
  refreshToken: RefreshToken,
): Promise<TokenPair> {
  const signer = await app.keyRing.signer();
  const accessToken = await signAccessToken(signer, {
    userId: holder.userId,
    sessionId: refreshToken.sessionId,
    role: holder.role,
    issueTime: app.clock(),
    seconds: app.accessTokenSeconds,
  });
  return {
    accessToken,
    expiresIn: app.accessTokenSeconds,
    refreshToken: formatRefreshToken(refreshToken),
  };
}
