import { hash } from "node:crypto";
import { systemClock } from "@tessera/service-kit/clock";
import { openMysql, poolOf } from "@tessera/service-kit/mysql";
import { uuidOf, uuidToBytes } from "@tessera/service-kit/uuid";
import type { Pool } from "mysql2/promise";
import { KeyRing } from "../user-svc/src/app/key-ring.ts";
import { signAccessToken } from "../user-svc/src/crypto/access-tokens.ts";
import { HashGate } from "../user-svc/src/crypto/hash-gate.ts";
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
  const { mysqlUrl: url, mysqlType: type } = options;
  const source = await openMysql({ ...USER_SCHEMA, url, type, poolSize: 2, maxWaiting: 4 });
  try {
    const users = Array.from({ length: count }, (_, index) => ({
      userId: uuidOf("load-user", String(index)),
      email: `buyer-${index}@load.tessera.test`,
    }));
    await insertAccounts(poolOf(source), users);
    const signer = await new KeyRing({
      store: new MysqlSigningKeyStore(poolOf(source)),
      clock: systemClock,
      sealingKey: Buffer.from(options.keyEncryptionKey, "base64"),
      // The services rotate; a tool only signs with what there is.
      rotationMs: Number.MAX_SAFE_INTEGER / 4,
      newId: () => crypto.randomUUID(),
    }).signer();
    const seconds = options.tokenSeconds ?? 3_600;
    return await Promise.all(
      users.map(async ({ userId }) => ({
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
  } finally {
    await source.destroy();
  }
}

async function insertAccounts(
  pool: Pool,
  users: readonly { userId: string; email: string }[],
): Promise<void> {
  const passwordHash = await hashOfNobody();
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

/** A well-formed hash of a password that is forgotten at once. */
async function hashOfNobody(): Promise<string> {
  const passwords = await PasswordHasher.create({
    cost: { memoryCost: 19_456, timeCost: 2, parallelism: 1 },
    gate: new HashGate({ concurrency: 1, maxWaiting: 1, waitMs: 10_000 }),
  });
  return await passwords.hash(crypto.randomUUID());
}
