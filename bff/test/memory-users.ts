import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { type User, User_Role, UserSchema } from "@tessera/proto/user/v1/user_pb";
import type { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { ServiceError } from "@tessera/service-kit/service-error";
import { signToken, type TestKey } from "./key-ring.ts";

/** A user-svc that keeps all in memory. */
export class MemoryUsers {
  /** Newest first; the first one signs. */
  keys: TestKey[];
  readonly #users = new Map<string, { user: User; password: string; requestId: string }>();
  readonly #refreshTokens = new Map<string, string>();

  constructor(key: TestKey) {
    this.keys = [key];
  }

  /** Its handlers. */
  readonly service: ServiceImpl<typeof UserService> = {
    createUser: ({ requestId, email, password, name }) => {
      const taken = this.#byEmail(email);
      if (taken?.requestId === requestId) {
        return { user: taken.user, replayed: true };
      }
      if (taken !== undefined) {
        throw new ServiceError("EMAIL_TAKEN", "the address has an account");
      }
      const id = crypto.randomUUID();
      const createTime = timestampFromMs(Date.now());
      const user = create(UserSchema, { id, email, name, role: User_Role.CUSTOMER, createTime });
      this.#users.set(id, { user, password, requestId });
      return { user, replayed: false };
    },
    getUser: ({ userId }) => {
      const found = this.#users.get(userId);
      if (found === undefined) {
        throw new ServiceError("USER_NOT_FOUND", "no such user");
      }
      return { user: found.user };
    },
    createSession: async ({ email, password }) => {
      const found = this.#byEmail(email);
      if (found === undefined || found.password !== password) {
        throw new ServiceError("BAD_CREDENTIALS", "wrong address or password");
      }
      return { tokens: await this.#tokensOf(found.user.id) };
    },
    refreshSession: async ({ refreshToken }) => {
      const userId = this.#refreshTokens.get(refreshToken);
      if (userId === undefined) {
        throw new ServiceError("BAD_REFRESH_TOKEN", "sign in again");
      }
      this.#refreshTokens.delete(refreshToken);
      return { tokens: await this.#tokensOf(userId) };
    },
    deleteSession: () => ({}),
    listSigningKeys: () => ({
      keys: this.keys.map(({ keyId, publicKey }) => ({ keyId, publicKey })),
    }),
  };

  #byEmail(email: string) {
    const wanted = email.toLowerCase();
    return [...this.#users.values()].find(({ user }) => user.email.toLowerCase() === wanted);
  }

  async #tokensOf(userId: string) {
    const refreshToken = crypto.randomUUID();
    this.#refreshTokens.set(refreshToken, userId);
    const key = this.keys[0];
    const accessToken = key === undefined ? "" : await signToken(key, { userId });
    return { accessToken, expiresIn: 900, refreshToken };
  }
}
