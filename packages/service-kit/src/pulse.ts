import { dependencyUnavailable, type ServiceError } from "./service-error.ts";

/** How a store is listened to. */
export interface PulseOptions {
  /** What callers are told is unavailable. */
  name: string;
  /**
   * Asks the store for a sign of life, on a path of its own: resolves to true when it answers,
   * with a refusal too, and to false when it has not for a long time. Never rejects.
   */
  ask: () => Promise<boolean>;
  /** Work that takes longer asks for a sign of life, and again after as long. In milliseconds. */
  patienceMs?: number;
  /** How long the store has to give it, in milliseconds. */
  answerMs?: number;
}

/** Together well below the second within which callers are to hear of it. */
const DEFAULTS = { patienceMs: 400, answerMs: 350 };

/**
 * Tells a store that is slow from one that fell silent: paused, hung, or cut off without a word.
 *
 * Slow work is waited for. Of a silent store everybody is told as soon as it is known, and so is
 * who comes until it answers again; a deadline of its own for each would let them pile up.
 */
export class Pulse {
  readonly #options: Required<PulseOptions>;
  #isSilent = false;
  #asking: Promise<void> | undefined;

  constructor(options: PulseOptions) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** True from when it is known that the store is silent until it answers. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** Resolves to whether the store gives a sign of life now; soon, whatever it does. */
  async hasPulse(): Promise<boolean> {
    await this.#listen();
    return !this.#isSilent;
  }

  /**
   * Settles as `work` does, or rejects with DEPENDENCY_UNAVAILABLE once the store is silent.
   *
   * Work that was begun goes on: what it did, or will have done, stays open.
   */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isSilent) {
      throw this.#silence();
    }
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const silence = new Promise<never>((_resolve, reject) => {
      const listen = () => {
        timer = setTimeout(async () => {
          await this.#listen();
          if (this.#isSilent) {
            reject(this.#silence());
          } else if (!isOver) {
            listen();
          }
        }, this.#options.patienceMs);
      };
      listen();
    });
    try {
      return await Promise.race([work(), silence]);
    } finally {
      isOver = true;
      clearTimeout(timer);
    }
  }

  /** Resolves when it is known whether the store is silent. One asks for all. */
  async #listen(): Promise<void> {
    if (!this.#isSilent) {
      this.#asking ??= this.#ask();
      await this.#asking;
    }
  }

  async #ask(): Promise<void> {
    const answer = this.#options.ask();
    const isInTime = await hasSettled(answer, this.#options.answerMs);
    this.#asking = undefined;
    if (!isInTime) {
      this.#isSilent = true;
      void this.#hear(answer);
    }
  }

  /** The question that was not answered in time waits until it is: that is how the end is heard. */
  async #hear(answer: Promise<boolean>): Promise<void> {
    let isHeard = await answer;
    while (!isHeard) {
      isHeard = await this.#options.ask();
    }
    this.#isSilent = false;
  }

  #silence(): ServiceError {
    const { name } = this.#options;
    return dependencyUnavailable(name, new Error(`${name} has fallen silent`));
  }
}

/** False when `promise` has not settled after so long. */
async function hasSettled(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    // After the sockets: what came while this process was held up has come in time.
    timer = setTimeout(() => setImmediate(resolve, false), timeoutMs);
  });
  const isSettled = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return isSettled;
}
