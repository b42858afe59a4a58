import { requestKeyOf } from "../crypto/refresh-token.ts";
import { emailTaken, idempotencyKeyReused } from "../domain/errors.ts";
import {
  type Account,
  emailKeyOf,
  parseNewUser,
  parseRequestId,
  type User,
} from "../domain/user.ts";
import type { App } from "./app.ts";
import type { AccountRequest } from "./user-store.ts";

/**
 * Creates an account; of any number of rivals for an address one wins.
 *
 * Idempotent by address and request id: the account itself remembers which request made it, so
 * key and effect are one row. Two people whose clients chose the same request id never meet.
 * Throws INVALID_FIELD, EMAIL_TAKEN, IDEMPOTENCY_KEY_REUSED, TOO_BUSY.
 */
export async function createAccount(
  app: Pick<App, "users" | "passwords" | "clock" | "newId">,
  request: AccountRequest,
  signal?: AbortSignal,
): Promise<{ user: User; replayed: boolean }> {
  const requestKey = requestKeyOf(parseRequestId(request.requestId));
  const { email, name, password } = parseNewUser(request);
  const emailKey = emailKeyOf(email);
  // Looked up first: a taken address costs no hash.
  const earlier = await app.users.findByEmailKey(emailKey);
  if (earlier === undefined) {
    const account: Account = {
      id: app.newId(),
      email,
      name,
      role: request.role,
      createTime: app.clock(),
      passwordHash: await app.passwords.hash(password, signal),
      requestKey,
    };
    if (await app.users.insert(account, emailKey)) {
      return { user: account, replayed: false };
    }
  }
  const winner = earlier ?? (await app.users.findByEmailKey(emailKey));
  // An organiser's key is the seed program's, and no secret: it must not tell who is one.
  const isOurs = winner?.role === request.role && winner.requestKey.equals(requestKey);
  if (!isOurs) {
    throw emailTaken();
  }
  const isSameBody =
    winner.email === email &&
    winner.name === name &&
    (await app.passwords.verify(winner.passwordHash, password, signal));
  if (!isSameBody) {
    throw idempotencyKeyReused();
  }
  return { user: winner, replayed: true };
}
