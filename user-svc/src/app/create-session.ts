import { ServiceError } from "@tessera/service-kit/service-error";
import type { HashCaller } from "../crypto/hash-gate.ts";
import { newSecret, secretHash } from "../crypto/refresh-token.ts";
import { badCredentials } from "../domain/errors.ts";
import { type Account, EMAIL_MAX, emailKeyOf, isPasswordTooLong } from "../domain/user.ts";
import type { App, SignInOutcome } from "./app.ts";
import { issueTokens, type TokenPair } from "./issue-tokens.ts";

/** Who signs in. */
export interface Credentials {
  email: string;
  password: string;
}

/**
 * Signs in: begins a session. Throws BAD_CREDENTIALS, after the same work whatever was wrong,
 * and TOO_BUSY.
 */
export async function createSession(
  app: App,
  credentials: Credentials,
  caller?: HashCaller,
): Promise<TokenPair> {
  try {
    const tokens = await signIn(app, credentials, caller);
    app.observer.signIn("ok");
    return tokens;
  } catch (reason) {
    app.observer.signIn(outcomeOf(reason));
    throw reason;
  }
}

async function signIn(
  app: App,
  credentials: Credentials,
  caller: HashCaller | undefined,
): Promise<TokenPair> {
  const { email } = credentials;
  // No account has such a password; the empty one matches none either, and costs the same.
  const password = isPasswordTooLong(credentials.password) ? "" : credentials.password;
  const { account, isRight } = await app.gate.run(async () => {
    const account =
      email.length > 2 * EMAIL_MAX ? undefined : await app.users.findByEmailKey(emailKeyOf(email));
    return { account, isRight: await app.passwords.verify(account?.passwordHash, password) };
  }, caller);
  if (account === undefined || !isRight) {
    throw badCredentials();
  }
  await rehash(app, account, password);
  const sessionId = app.newId();
  const secret = newSecret();
  const createTime = app.clock();
  const expireTime = new Date(createTime.getTime() + app.refreshTokenMs);
  const first = { sessionId, secretHash: secretHash(secret), createTime, expireTime };
  await app.sessions.insert(account.id, first);
  return await issueTokens(app, { userId: account.id, role: account.role }, { sessionId, secret });
}

/** Brings a hash to today's cost when a place is free: no sign-in waits a second time. */
async function rehash({ gate, passwords, users }: App, account: Account, password: string) {
  if (gate.isFree && passwords.isOutdated(account.passwordHash)) {
    const to = await gate.run(() => passwords.hash(password));
    await users.replaceHash({ userId: account.id, from: account.passwordHash, to });
  }
}

function outcomeOf(reason: unknown): SignInOutcome {
  switch (reason instanceof ServiceError ? reason.reason : undefined) {
    case "BAD_CREDENTIALS":
      return "bad_credentials";
    case "TOO_BUSY":
      return "too_busy";
    default:
      return "failed";
  }
}
