/** Where a slow store waits until it is told to go on. */
export class Turnstile {
  readonly #reached = Promise.withResolvers<void>();
  readonly #told = Promise.withResolvers<void>();

  /** Resolves when somebody has come to it. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** Lets everybody through, now and later. */
  go(): void {
    this.#told.resolve();
  }

  /** Lets nobody through, now and later. */
  fail(reason: Error): void {
    this.#told.reject(reason);
    // Nobody may ever come to it.
    this.#told.promise.catch(() => undefined);
  }

  /** Comes to it; resolves when it may go on. */
  async pass(): Promise<void> {
    this.#reached.resolve();
    await this.#told.promise;
  }
}
