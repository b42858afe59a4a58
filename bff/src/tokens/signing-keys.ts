import type { SigningKey } from "@tessera/proto/user/v1/session_pb";
import { within } from "@tessera/service-kit/deadline";
import type { Logger } from "@tessera/service-kit/logger";
import { dependencyUnavailable } from "@tessera/service-kit/service-error";
import { type CryptoKey, importJWK } from "jose";

/** Where the keys come from, and how often they are asked for. */
export interface SigningKeysOptions {
  /** Lists the keys that are in use now. */
  list: () => Promise<readonly SigningKey[]>;
  logger: Logger;
  /** How long `list` may take. */
  timeoutMs: number;
  /** How often the keys are listed without being asked for. Defaults to 3 minutes. */
  refreshMs?: number;
  /** How long to wait after a failed listing. Defaults to 1 second. */
  retryMs?: number;
  /** Unknown key ids cause at most one listing in this time. Defaults to 3 seconds. */
  unknownKeyMs?: number;
}

/**
 * The public keys that access tokens are verified with.
 *
 * Keys once listed go on working while user-svc is away; a key that it lists no more is forgotten.
 */
export class SigningKeys {
  readonly #options: Required<SigningKeysOptions>;
  #keys: ReadonlyMap<string, CryptoKey> | undefined;
  #loading: Promise<void> | undefined;
  #lastAskMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: SigningKeysOptions) {
    this.#options = { refreshMs: 180_000, retryMs: 1_000, unknownKeyMs: 3_000, ...options };
  }

  /** Lists the keys now, and again and again until `close`. Resolves after the first attempt. */
  async start(): Promise<void> {
    let nextMs = this.#options.refreshMs;
    try {
      await this.#load();
    } catch (err) {
      nextMs = this.#options.retryMs;
      this.#options.logger.warn({ err }, "signing keys could not be listed");
    }
    if (!this.#isClosed) {
      this.#timer = setTimeout(() => void this.start(), nextMs).unref();
    }
  }

  /** Stops listing. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  /** Throws until the keys were listed once. */
  checkLoaded(): void {
    if (this.#keys === undefined) {
      throw dependencyUnavailable("user-svc", undefined);
    }
  }

  /** True while a key of that id is listed, as far as is known without asking. */
  has(keyId: string): boolean {
    return this.#keys?.has(keyId) === true;
  }

  /**
   * The key of that id, or undefined when there is none. Throws DEPENDENCY_UNAVAILABLE when no
   * keys are known at all.
   */
  async find(keyId: string): Promise<CryptoKey | undefined> {
    const known = this.#keys?.get(keyId);
    if (known !== undefined) {
      return known;
    }
    const { unknownKeyMs } = this.#options;
    const isDue = performance.now() - this.#lastAskMs >= unknownKeyMs;
    if (this.#loading !== undefined || isDue || this.#keys === undefined) {
      try {
        await this.#load();
      } catch (cause) {
        if (this.#keys === undefined) {
          throw dependencyUnavailable("user-svc", cause);
        }
      }
    }
    return this.#keys?.get(keyId);
  }

  /** However many ask at once, one listing is made. */
  #load(): Promise<void> {
    this.#loading ??= this.#loadOnce().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loadOnce(): Promise<void> {
    this.#lastAskMs = performance.now();
    const { list, timeoutMs } = this.#options;
    const listed = await within(timeoutMs, "listing the signing keys", list());
    const keys = new Map<string, CryptoKey>();
    for (const { keyId, publicKey } of listed) {
      const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: publicKey }, "EdDSA");
      if (!(key instanceof Uint8Array)) {
        keys.set(keyId, key);
      }
    }
    this.#keys = keys;
  }
}
