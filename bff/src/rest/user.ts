import type { TokenPair } from "@tessera/proto/user/v1/session_pb";
import { type User, User_Role } from "@tessera/proto/user/v1/user_pb";
import { ObjectReader, type TextPattern } from "../http/object-reader.ts";
import { NAME } from "./patterns.ts";
import { restTime } from "./timestamps.ts";

const EMAIL: TextPattern = {
  regexp: /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u,
  detail: "must be an e-mail address",
};

/** Who wants an account. Throws MALFORMED_BODY or INVALID_FIELD. */
export function parseSignUp(body: unknown) {
  const reader = ObjectReader.ofBody(body, ["email", "password", "name"]);
  const signUp = {
    email: reader.text("email", { min: 3, max: 254, pattern: EMAIL }),
    password: reader.text("password", { min: 10, max: 256 }),
    name: reader.text("name", { min: 1, max: 100, pattern: NAME }),
  };
  reader.finish();
  return signUp;
}

/** Who wants to sign in. Throws MALFORMED_BODY or INVALID_FIELD. */
export function parseSignIn(body: unknown) {
  const reader = ObjectReader.ofBody(body, ["email", "password"]);
  const signIn = {
    email: reader.text("email", { min: 1, max: 254 }),
    password: reader.text("password", { min: 1, max: 256 }),
  };
  reader.finish();
  return signIn;
}

/** Who wants to stay. Throws MALFORMED_BODY or INVALID_FIELD. */
export function parseRefresh(body: unknown): string {
  const reader = ObjectReader.ofBody(body, ["refreshToken"]);
  const refreshToken = reader.text("refreshToken", { min: 1, max: 1_024 });
  reader.finish();
  return refreshToken;
}

/** An account as REST writes it. A missing one is the service's bug. */
export function restUser(user: User | undefined) {
  if (user === undefined) {
    throw new Error("user-svc left out the user");
  }
  const { id, email, name, role } = user;
  return {
    id,
    email,
    name,
    role: role === User_Role.ORGANISER ? "organiser" : "customer",
    createdAt: restTime(user.createTime),
  };
}

/** What a signed-in person holds, as REST writes it. Missing tokens are the service's bug. */
export function restTokens(tokens: TokenPair | undefined) {
  if (tokens === undefined) {
    throw new Error("user-svc left out the tokens");
  }
  const { accessToken, expiresIn, refreshToken } = tokens;
  return { accessToken, tokenType: "Bearer", expiresIn, refreshToken };
}
