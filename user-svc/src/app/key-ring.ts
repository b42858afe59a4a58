import type { Clock } from "@tessera/service-kit/clock";
import type { Signer } from "../crypto/access-tokens.ts";
import { createSealedKey, openSealedKey } from "../crypto/sealed-key.ts";
import { nextSignFrom, type SigningKey, signerOf } from "../domain/signing-key.ts";
import type { SigningKeyStore } from "./signing-key-store.ts";

/** What a KeyRing needs. */
export interface KeyRingOptions {
  store: SigningKeyStore;
  clock: Clock;
  /** 32 bytes that seal the private keys. */
  sealingKey: Buffer;
  /** How long a key signs, in milliseconds. */
  rotationMs: number;
  newId: () => string;
}

/** For how long the keys are not read again; far below the time a key is listed before it signs. */
const REREAD_MS = 60_000;

/**
 * The keys of this replica: reads them every minute while they are used, and makes the next one
 * when it is due. Any number of replicas may do so at once.
 */
export class KeyRing {
  readonly #options: KeyRingOptions;
  #keys: readonly SigningKey[] = [];
  #readTime = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #signer: Signer | undefined;

  constructor(options: KeyRingOptions) {
    this.#options = options;
  }

  /** The key to sign with now. */
  async signer(): Promise<Signer> {
    if (this.#options.clock().getTime() - this.#readTime >= REREAD_MS) {
      // Callers that arrive together share one read.
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    const key = signerOf(this.#keys, this.#options.clock());
    if (key === undefined) {
      throw new Error("there is no signing key, though one was just made");
    }
    if (this.#signer?.keyId !== key.keyId) {
      const { keyId, sealedPrivateKey } = key;
      const privateKey = openSealedKey(keyId, sealedPrivateKey, this.#options.sealingKey);
      this.#signer = { keyId, privateKey };
    }
    return this.#signer;
  }

  async #read(): Promise<void> {
    const { store, clock, rotationMs } = this.#options;
    const now = clock();
    let keys = await store.list();
    const signFrom = nextSignFrom(keys, now, rotationMs);
    if (signFrom !== undefined) {
      await store.insertOnce(this.#newKey((keys[0]?.sequence ?? 0) + 1, now, signFrom));
      // Ours, or the one of whoever was first.
      keys = await store.list();
    }
    this.#keys = keys;
    this.#readTime = now.getTime();
  }

  #newKey(sequence: number, createTime: Date, signFrom: Date): SigningKey {
    const keyId = this.#options.newId();
    const pair = createSealedKey(keyId, this.#options.sealingKey);
    return { sequence, keyId, ...pair, createTime, signFrom };
  }
}
