import { hash } from "node:crypto";
import { systemClock } from "@tessera/service-kit/clock";
import { openMysql, poolOf } from "@tessera/service-kit/mysql";
import { uuidOf, uuidToBytes } from "@tessera/service-kit/uuid";
import type { Pool } from "mysql2/promise";
import { KeyRing } from "../user-svc/src/app/key-ring.ts";
import { signAccessToken } from "../user-svc/src/crypto/access-tokens.ts";
import { PasswordHasher } from "../user-svc/src/crypto/password-hasher.ts";
import { emailKeyOf } from "../user-svc/src/domain/user.ts";
import { MysqlSigningKeyStore } from "../user-svc/src/mysql/mysql-signing-key-store.ts";
import { USER_SCHEMA } from "../user-svc/src/mysql/schema.ts";

/** Whose accounts are made, and for how long their tokens are good. */
export interface MintOptions {
  /** The schema `user` of a local system. */
  mysqlUrl: string;
  mysqlType: "mysql" | "mariadb";
  /** The key that seals the system's signing keys, in base64. */
  keyEncryptionKey: string;
  /** Defaults to an hour. */
  tokenSeconds?: number;
}

/** Somebody who can buy. */
export interface LoadUser {
  userId: string;
  accessToken: string;
}

/** How many rows one INSERT has. */
const ROWS = 500;

/**
 * Makes buyers for load: real accounts, and access tokens signed with the system's own key, which
 * every check accepts. Signing thousands up through REST would measure argon2 and its limits.
 *
 * Buyer number n is the same account every time. Nobody knows the password they share.
 */
export async function mintUsers(count: number, options: MintOptions): Promise<LoadUser[]> {
  const users = Array.from({ length: count }, (_, index) => ({
    userId: uuidOf("load-user", String(index)),
    email: `buyer-${index}@load.tessera.test`,
  }));
  return await inUserSchema(options, async (pool) => {
    await insertAccounts(pool, users, await hashOf(crypto.randomUUID()));
    return await signTokens(
      pool,
      users.map(({ userId }) => userId),
      options,
    );
  });
}

/** Tokens for accounts that exist, in the same order. */
export async function mintTokens(
  userIds: readonly string[],
  options: MintOptions,
): Promise<LoadUser[]> {
  return await inUserSchema(options, (pool) => signTokens(pool, userIds, options));
}

/** Makes accounts that can sign in with this password; those that exist keep theirs. */
export async function makeAccounts(
  emails: readonly string[],
  password: string,
  options: Pick<MintOptions, "mysqlUrl" | "mysqlType">,
): Promise<void> {
  const users = emails.map((email) => ({ userId: uuidOf("load-account", email), email }));
  await inUserSchema(options, async (pool) => {
    await insertAccounts(pool, users, await hashOf(password));
  });
}

async function inUserSchema<T>(
  { mysqlUrl: url, mysqlType: type }: Pick<MintOptions, "mysqlUrl" | "mysqlType">,
  body: (pool: Pool) => Promise<T>,
): Promise<T> {
  const source = await openMysql({ ...USER_SCHEMA, url, type, poolSize: 2, maxWaiting: 4 });
  try {
    return await body(poolOf(source));
  } finally {
    await source.destroy();
  }
}

async function signTokens(
  pool: Pool,
  userIds: readonly string[],
  { keyEncryptionKey, tokenSeconds: seconds = 3_600 }: MintOptions,
): Promise<LoadUser[]> {
  const signer = await new KeyRing({
    store: new MysqlSigningKeyStore(pool),
    clock: systemClock,
    sealingKey: Buffer.from(keyEncryptionKey, "base64"),
    // The services rotate; a tool only signs with what there is.
    rotationMs: Number.MAX_SAFE_INTEGER / 4,
    newId: () => crypto.randomUUID(),
  }).signer();
  return await Promise.all(
    userIds.map(async (userId) => ({
      userId,
      accessToken: await signAccessToken(signer, {
        userId,
        sessionId: uuidOf("load-session", userId),
        role: "customer",
        issueTime: systemClock(),
        seconds,
      }),
    })),
  );
}

async function insertAccounts(
  pool: Pool,
  users: readonly { userId: string; email: string }[],
  passwordHash: string,
): Promise<void> {
  const createTime = systemClock();
  for (let start = 0; start < users.length; start += ROWS) {
    const rows = users.slice(start, start + ROWS).map(({ userId, email }) => {
      const requestKey = hash("sha256", email, "buffer");
      const key = emailKeyOf(email);
      return [
        ...[uuidToBytes(userId), email, key, "Load buyer", "customer"],
        ...[passwordHash, requestKey, createTime],
      ];
    });
    await pool.query(
      `INSERT IGNORE INTO user
         (id, email, email_key, name, role, password_hash, request_key, create_time)
       VALUES ?`,
      [rows],
    );
  }
}

/** At the services' own cost: a sign-in takes what it always takes. */
async function hashOf(password: string): Promise<string> {
  const passwords = await PasswordHasher.create({
    cost: { memoryCost: 19_456, timeCost: 2, parallelism: 1 },
  });
  return await passwords.hash(password);
}
