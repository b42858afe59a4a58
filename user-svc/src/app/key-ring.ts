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
  /** Time in milliseconds, from any beginning. Defaults to `performance.now`. */
  now?: () => number;
}

/** For how long the keys are not read again; far below the time a key is listed before it signs. */
const REREAD_MS = 60_000;
/** When a read failed, the next try is so much later: nobody waits for the database in between. */
const RETRY_MS = 5_000;
/** For how long the keys are good when they cannot be read; half the time a key is listed before it signs. */
const GRACE_MS = 300_000;

/**
 * The keys of this replica: reads them every minute while they are used, and makes the next one
 * when it is due. Any number of replicas may do so at once.
 */
export class KeyRing {
  readonly #options: KeyRingOptions;
  readonly #now: () => number;
  #keys: readonly SigningKey[] = [];
  #readTime = Number.NEGATIVE_INFINITY;
  #failTime = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #signer: Signer | undefined;

  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** The key to sign with now. */
  async signer(): Promise<Signer> {
    const now = this.#now();
    const isGood = now - this.#readTime < GRACE_MS;
    if (now - this.#readTime >= REREAD_MS && !(isGood && now - this.#failTime < RETRY_MS)) {
      // Callers that arrive together share one read.
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading.catch((reason: unknown) => {
        this.#failTime = now;
        if (!isGood) {
          throw reason;
        }
      });
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
    const { store, clock, rotationMs, sealingKey } = this.#options;
    const readTime = this.#now();
    const now = clock();
    let keys = await store.list();
    const [newest] = keys;
    const signFrom = nextSignFrom(keys, now, rotationMs);
    if (signFrom !== undefined) {
      if (newest !== undefined) {
        // With another sealing key than the others have, this replica would make one that they cannot open.
        openSealedKey(newest.keyId, newest.sealedPrivateKey, sealingKey);
      }
      await store.insertOnce(this.#newKey((newest?.sequence ?? 0) + 1, now, signFrom));
      // Ours, or the one of whoever was first.
      keys = await store.list();
    }
    this.#keys = keys;
    this.#readTime = readTime;
  }

  #newKey(sequence: number, createTime: Date, signFrom: Date): SigningKey {
    const keyId = this.#options.newId();
    const pair = createSealedKey(keyId, this.#options.sealingKey);
    return { sequence, keyId, ...pair, createTime, signFrom };
  }
}
