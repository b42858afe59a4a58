import { call, type Route } from "./api.ts";
import { newKey } from "./claims.ts";
import type { Account, Buyer } from "./run-file.ts";

const SIGN_UP: Route = { method: "POST", path: "/v1/users", class: "account" };
/** Hashing has a bounded line: whoever finds it full is asked to come again. */
const SIGN_IN: Route = {
  method: "POST",
  path: "/v1/sessions",
  class: "account",
  refusals: ["TOO_BUSY", "RATE_LIMITED"],
};

/** Makes an account; nobody has it yet. */
export function signUp(): Account & { name: string } {
  const account = {
    email: `${newKey()}@load.tessera.test`,
    password: `password of ${newKey()}`,
    name: "A buyer of a load",
  };
  call(SIGN_UP, { body: account });
  return account;
}

/** Signs in; undefined when that was refused. */
export function signIn({ email, password }: Account): Buyer | undefined {
  const { body } = call<{ accessToken: string }>(SIGN_IN, { body: { email, password } });
  return body === undefined ? undefined : { userId: "", accessToken: body.accessToken };
}
