import { type Account, emailKeyOf, writtenKeyOf } from "../domain/user.ts";
import type { UserStore } from "./user-store.ts";

/**
 * Finds the account of an address, however it is written. One from before the key was what it is now
 * is found by those who write its address as it was written then, and before any other.
 */
export async function findByEmail(users: UserStore, email: string): Promise<Account | undefined> {
  // Of nearly every address they are the same. Both are asked for, or who asks could tell one from none.
  const keys = new Set([writtenKeyOf(email), emailKeyOf(email)]);
  const found = await Promise.all([...keys].map((key) => users.findByEmailKey(key)));
  return found.find((account) => account !== undefined);
}
