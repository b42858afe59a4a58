import type { HashCaller } from "../crypto/hash-gate.ts";
import { requestKeyOf } from "../crypto/refresh-token.ts";
import { emailTaken, idempotencyKeyReused } from "../domain/errors.ts";
import {
  type Account,
  emailKeyOf,
  type NewUser,
  parseNewUser,
  parseRequestId,
  type Role,
  type User,
} from "../domain/user.ts";
import type { App } from "./app.ts";
import type { AccountRequest } from "./user-store.ts";

type Accounts = Pick<App, "users" | "passwords" | "gate" | "clock" | "newId">;

interface Wanted extends NewUser {
  role: Role;
  requestKey: Buffer;
}

/**
 * Creates an account; of any number of rivals for an address one wins.
 *
 * Idempotent by address and request id: the account itself remembers which request made it, so
 * key and effect are one row. Two people whose clients chose the same request id never meet.
 * Throws INVALID_FIELD, EMAIL_TAKEN, IDEMPOTENCY_KEY_REUSED, TOO_BUSY.
 */
export async function createAccount(
  app: Accounts,
  request: AccountRequest,
  caller?: HashCaller,
): Promise<{ user: User; replayed: boolean }> {
  const requestKey = requestKeyOf(parseRequestId(request.requestId));
  const wanted = { ...parseNewUser(request), role: request.role, requestKey };
  return await app.gate.run(() => createInTurn(app, wanted), caller);
}

async function createInTurn(
  app: Accounts,
  { email, name, password, role, requestKey }: Wanted,
): Promise<{ user: User; replayed: boolean }> {
  const emailKey = emailKeyOf(email);
  // Looked up first: a taken address costs no hash.
  const earlier = await app.users.findByEmailKey(emailKey);
  if (earlier === undefined) {
    const account: Account = {
      id: app.newId(),
      email,
      name,
      role,
      createTime: app.clock(),
      passwordHash: await app.passwords.hash(password),
      requestKey,
    };
    if (await app.users.insert(account, emailKey)) {
      return { user: account, replayed: false };
    }
  }
  const winner = earlier ?? (await app.users.findByEmailKey(emailKey));
  // An organiser's key is the seed program's, and no secret: it must not tell who is one.
  const isOurs = winner?.role === role && winner.requestKey.equals(requestKey);
  if (!isOurs) {
    throw emailTaken();
  }
  const isSameBody =
    winner.email === email &&
    winner.name === name &&
    (await app.passwords.verify(winner.passwordHash, password));
  if (!isSameBody) {
    throw idempotencyKeyReused();
  }
  return { user: winner, replayed: true };
}
