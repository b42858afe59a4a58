import { randomBytes } from "node:crypto";
import { hash, parseOptions, verify } from "@node-rs/argon2";

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
  /** Told how long each hash took. */
  onHash?: (seconds: number) => void;
}

/**
 * argon2id, on libuv's threads: the event loop goes on meanwhile. It bounds nothing itself: callers
 * have a turn at the HashGate.
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

  /** Hashes a password, in PHC form. */
  hash(password: string): Promise<string> {
    const { cost } = this.#options;
    return this.#timed(hash(password.normalize("NFKC"), cost));
  }

  /**
   * True when `password` is the one that `passwordHash` was made of. Without a hash it is false,
   * after the same work.
   */
  async verify(passwordHash: string | undefined, password: string): Promise<boolean> {
    const isRight = await this.#timed(
      verify(passwordHash ?? this.#dummy, password.normalize("NFKC")),
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

  async #timed<T>(work: Promise<T>): Promise<T> {
    const startTime = performance.now();
    const result = await work;
    this.#options.onHash?.((performance.now() - startTime) / 1000);
    return result;
  }
}
