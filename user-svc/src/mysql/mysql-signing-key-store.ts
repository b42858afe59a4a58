import { withConnection } from "@tessera/service-kit/mysql";
import type { Pool } from "mysql2/promise";
import type { SigningKeyStore } from "../app/signing-key-store.ts";
import type { SigningKey } from "../domain/signing-key.ts";
import type { SigningKeyRow } from "./signing-key-table.ts";
import { changeRows, selectRows } from "./statements.ts";

/** Signing keys in MySQL. */
export class MysqlSigningKeyStore implements SigningKeyStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  list(): Promise<SigningKey[]> {
    return withConnection(this.#pool, async (connection) => {
      const rows = await selectRows<SigningKeyRow>(
        connection,
        `SELECT sequence, key_id, public_key, sealed_private_key, create_time, sign_from
         FROM signing_key ORDER BY sequence DESC LIMIT 12`,
        [],
      );
      return rows.map((row) => ({
        sequence: row.sequence,
        keyId: row.key_id,
        publicKey: row.public_key,
        sealedPrivateKey: row.sealed_private_key,
        createTime: row.create_time,
        signFrom: row.sign_from,
      }));
    });
  }

  async insertOnce(key: SigningKey): Promise<void> {
    const { sequence, keyId, publicKey, sealedPrivateKey, createTime, signFrom } = key;
    await withConnection(this.#pool, (connection) =>
      changeRows(
        connection,
        // An UPDATE that changes nothing: the first maker's row stays.
        `INSERT INTO signing_key
           (sequence, key_id, public_key, sealed_private_key, create_time, sign_from)
         VALUES (?, ?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE sequence = sequence`,
        [sequence, keyId, publicKey, sealedPrivateKey, createTime, signFrom],
      ),
    );
  }
}
