import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { SigningKeySchema } from "@tessera/proto/user/v1/session_pb";
import { User_Role, type UserSchema } from "@tessera/proto/user/v1/user_pb";
import type { UserService } from "@tessera/proto/user/v1/user_service_pb";
import type { App } from "../app/app.ts";
import { createAccount } from "../app/create-account.ts";
import { createSession } from "../app/create-session.ts";
import { deleteSession } from "../app/delete-session.ts";
import { getUser } from "../app/get-user.ts";
import { listSigningKeys } from "../app/list-signing-keys.ts";
import { refreshSession } from "../app/refresh-session.ts";
import type { ListedKey } from "../domain/signing-key.ts";
import type { Role, User } from "../domain/user.ts";

/** The `domain` of this service's errors. */
export const ERROR_DOMAIN = "user.tessera";

/** Translates between messages and the use cases; decides nothing. */
export function userService(app: App): ServiceImpl<typeof UserService> {
  return {
    async createUser({ requestId, email, password, name }, context) {
      const request = { requestId, email, password, name, role: "customer" } as const;
      const { user, replayed } = await createAccount(app, request, callerOf(context));
      return { user: toUserMessage(user), replayed };
    },
    async getUser({ userId }, context) {
      const user = await app.signedIn.run(() => getUser(app, userId), deadlineOf(context));
      return { user: toUserMessage(user) };
    },
    async createSession({ email, password }, context) {
      return { tokens: await createSession(app, { email, password }, callerOf(context)) };
    },
    async refreshSession({ requestId, refreshToken }) {
      return await refreshSession(app, { requestId, refreshToken });
    },
    async deleteSession({ userId, sessionId }, context) {
      const ending = () => deleteSession(app, { userId, sessionId });
      await app.signedIn.run(ending, deadlineOf(context));
      return {};
    },
    async listSigningKeys() {
      return { keys: (await listSigningKeys(app)).map(toKeyMessage) };
    },
  };
}

/** Who waits for a hash; the BFF says where the request came from. */
function callerOf({ requestHeader, signal }: HandlerContext) {
  return { origin: requestHeader.get("x-tessera-origin") ?? undefined, signal };
}

/** When a call's time is over, in the time of performance.now(). */
function deadlineOf(context: HandlerContext): number {
  return performance.now() + (context.timeoutMs() ?? Number.POSITIVE_INFINITY);
}

const ROLES: Readonly<Record<Role, User_Role>> = {
  customer: User_Role.CUSTOMER,
  organiser: User_Role.ORGANISER,
};

function toUserMessage(user: User): MessageInitShape<typeof UserSchema> {
  const { id, email, name, role, createTime } = user;
  return { id, email, name, role: ROLES[role], createTime: timestampFromDate(createTime) };
}

function toKeyMessage(key: ListedKey): MessageInitShape<typeof SigningKeySchema> {
  return {
    keyId: key.keyId,
    publicKey: key.publicKey.toString("base64url"),
    createTime: timestampFromDate(key.createTime),
    ...(key.expireTime === undefined ? {} : { expireTime: timestampFromDate(key.expireTime) }),
  };
}
