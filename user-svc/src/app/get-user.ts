import { invalidField } from "@tessera/service-kit/service-error";
import { isUuid } from "@tessera/service-kit/uuid";
import { userNotFound } from "../domain/errors.ts";
import type { User } from "../domain/user.ts";
import type { App } from "./app.ts";

/** Finds an account. Throws INVALID_FIELD, USER_NOT_FOUND. */
export async function getUser(app: Pick<App, "users">, userId: string): Promise<User> {
  if (!isUuid(userId)) {
    throw invalidField("user_id", "must be a UUID");
  }
  const user = await app.users.get(userId);
  if (user === undefined) {
    throw userNotFound(userId);
  }
  return user;
}
