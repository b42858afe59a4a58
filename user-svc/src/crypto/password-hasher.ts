import { randomBytes } from "node:crypto";
import { hash, parseOptions, verify } from "@node-rs/argon2";
import type { HashGate } from "./hash-gate.ts";

/** What one hash costs. */
export interface Argon2Cost {
  /** In KiB. */
  memoryCost: number;
  /** Passes over the memory. */
  timeCost: number;
  /** Lanes. */
  parallelism: number;
}

/** How to make a PasswordHasher. */
export interface PasswordHasherOptions {
  cost: Argon2Cost;
  gate: HashGate;
  /** Told how long each hash took, without the waiting. */
  onHash?: (seconds: number) => void;
}

/**
 * argon2id, on libuv's threads: the event loop goes on meanwhile.
 *
 * Passwords are compared in NFKC, so that the same one typed on two keyboards is the same.
 */
export class PasswordHasher {
  readonly #options: PasswordHasherOptions;
  /** Nobody's password, hashed at the same cost as everybody's. */
  readonly #dummy: string;

  private constructor(options: PasswordHasherOptions, dummy: string) {
    this.#options = options;
    this.#dummy = dummy;
  }

  /** Makes one. Takes as long as one hash. */
  static async create(options: PasswordHasherOptions): Promise<PasswordHasher> {
    const dummy = await hash(randomBytes(32), options.cost);
    return new PasswordHasher(options, dummy);
  }

  /** True when whoever comes now is served at once. */
  get isFree(): boolean {
    return this.#options.gate.isFree;
  }

  /** Hashes a password, in PHC form. Throws TOO_BUSY. */
  hash(password: string, signal?: AbortSignal): Promise<string> {
    const { cost } = this.#options;
    return this.#timed(() => hash(password.normalize("NFKC"), cost), signal);
  }

  /**
   * True when `password` is the one that `passwordHash` was made of. Without a hash it is false,
   * after the same work. Throws TOO_BUSY.
   */
  async verify(
    passwordHash: string | undefined,
    password: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const isRight = await this.#timed(
      () => verify(passwordHash ?? this.#dummy, password.normalize("NFKC")),
      signal,
    );
    return isRight && passwordHash !== undefined;
  }

  /** True when a hash was made at another cost than today's. */
  isOutdated(passwordHash: string): boolean {
    const made = parseOptions(passwordHash);
    const { memoryCost, timeCost, parallelism } = this.#options.cost;
    return (
      made.memoryCost !== memoryCost ||
      made.timeCost !== timeCost ||
      made.parallelism !== parallelism
    );
  }

  #timed<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#options.gate.run(async () => {
      const startTime = performance.now();
      const result = await work();
      this.#options.onHash?.((performance.now() - startTime) / 1000);
      return result;
    }, signal);
  }
}
