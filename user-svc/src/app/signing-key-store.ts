import type { SigningKey } from "../domain/signing-key.ts";

/** Where signing keys are kept. Every method throws DEPENDENCY_UNAVAILABLE when it is away. */
export interface SigningKeyStore {
  /** The newest keys, newest first; a few more than are ever listed. */
  list(): Promise<SigningKey[]>;
  /** Does nothing when there is a key with this sequence: another replica was first. */
  insertOnce(key: SigningKey): Promise<void>;
}
