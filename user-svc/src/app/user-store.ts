import type { Account, Role, User } from "../domain/user.ts";

/** Where accounts are kept. Every method throws DEPENDENCY_UNAVAILABLE when the store is away. */
export interface UserStore {
  get(userId: string): Promise<User | undefined>;
  /** Finds by the unique form of an address. */
  findByEmailKey(emailKey: string): Promise<Account | undefined>;
  /** False, and nothing changed, when the address has an account already. */
  insert(account: Account, emailKey: string): Promise<boolean>;
  /** Changes a hash, unless it is not `from` any more. */
  replaceHash(change: { userId: string; from: string; to: string }): Promise<void>;
}

/** What a sign-up writes. */
export interface AccountRequest {
  requestId: string;
  email: string;
  password: string;
  name: string;
  role: Role;
}
