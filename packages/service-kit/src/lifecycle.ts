type Close = () => Promise<unknown> | unknown;

/** Closes what was opened, newest first, once. */
export class Lifecycle {
  readonly #closers: { name: string; close: Close }[] = [];
  #closing: Promise<void> | undefined;

  /** Registers how to close what was just opened. */
  onClose(name: string, close: Close): void {
    this.#closers.push({ name, close });
  }

  /** Closes everything; a failure does not keep the rest open. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const { name, close } of this.#closers.reverse()) {
      try {
        await close();
      } catch (cause) {
        failures.push(new Error(`closing ${name} failed`, { cause }));
      }
    }
    if (failures.length > 0) {
      throw new AggregateError(failures, "shutdown was not clean");
    }
  }
}
