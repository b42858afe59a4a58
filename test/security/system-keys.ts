import { type KeyObject, randomUUID } from "node:crypto";
import type { System } from "@tessera/testkit/processes";
import { createConnection } from "mysql2/promise";
import { createSealedKey, openSealedKey } from "../../user-svc/src/crypto/sealed-key.ts";

/** A signing key of the running system, its private part in a test's hands. */
export interface HeldKey {
  keyId: string;
  /** 32 bytes. */
  publicKey: Buffer;
  privateKey: KeyObject;
}

/**
 * Gives the running system two keys older than the one that it signs with: its predecessor, whose
 * tokens may still be good, and one that was retired an hour ago. Call it inside `describe`; read
 * the result inside hooks and tests only.
 */
export function useSystemKeys(system: System): { previous: HeldKey; retired: HeldKey } {
  const held = {} as { previous: HeldKey; retired: HeldKey };
  before(async () => {
    // The system's own key has the number 1; what comes before is nobody's.
    held.previous = await insertKey(system, 0);
    held.retired = await insertKey(system, -1);
  });
  after(() => inUserSchema(system, "DELETE FROM signing_key WHERE sequence < 1", []));
  return held;
}

/** A key that began to sign an hour ago. */
async function insertKey(system: System, sequence: number): Promise<HeldKey> {
  const sealingKey = Buffer.from(system.settings.keyEncryptionKey, "base64");
  const keyId = randomUUID();
  const { publicKey, sealedPrivateKey } = createSealedKey(keyId, sealingKey);
  const hourAgo = new Date(Date.now() - 3_600_000);
  await inUserSchema(
    system,
    `INSERT INTO signing_key
       (sequence, key_id, public_key, sealed_private_key, create_time, sign_from)
     VALUES (?, ?, ?, ?, ?, ?)`,
    [sequence, keyId, publicKey, sealedPrivateKey, hourAgo, hourAgo],
  );
  return { keyId, publicKey, privateKey: openSealedKey(keyId, sealedPrivateKey, sealingKey) };
}

/** Runs one statement where accounts, sessions and keys are kept. */
export async function inUserSchema(
  system: System,
  sql: string,
  values: (string | number | Buffer | Date)[],
): Promise<void> {
  await using connection = await createConnection({ uri: system.mysqlUrls.user, timezone: "Z" });
  await connection.execute(sql, values);
}
