/**
 * Keeps callers from paying a time-out each while something is away.
 *
 * A failure opens it: callers are told at once. Meanwhile a probe asks again and again, so that
 * no caller has to find out; the first answer closes it.
 */
export class Breaker {
  readonly #probe: () => Promise<unknown>;
  readonly #probeEveryMs: number;
  readonly #onChange: (isOpen: boolean) => void;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: {
    probe: () => Promise<unknown>;
    probeEveryMs: number;
    onChange: (isOpen: boolean) => void;
  }) {
    this.#probe = options.probe;
    this.#probeEveryMs = options.probeEveryMs;
    this.#onChange = options.onChange;
  }

  /** True while callers should do without. */
  get isOpen(): boolean {
    return this.#timer !== undefined;
  }

  /** Tells of a failure. */
  trip(): void {
    if (this.#timer !== undefined || this.#isClosed) {
      return;
    }
    this.#onChange(true);
    this.#schedule();
  }

  /** Stops probing. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#probe().then(
        () => {
          this.#timer = undefined;
          this.#onChange(false);
        },
        () => {
          if (!this.#isClosed) {
            this.#schedule();
          }
        },
      );
    }, this.#probeEveryMs);
    this.#timer.unref();
  }
}
