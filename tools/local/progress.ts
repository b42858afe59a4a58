/** How often a long step says that it still goes on, in milliseconds. */
const STILL_MS = 3_000;

/** Lines on the console, each with the time since the start: silence is never long. */
export class Progress {
  readonly #startTime = performance.now();
  #isStopping = false;

  /** Prints one line. */
  readonly say = (text: string): void => {
    const seconds = ((performance.now() - this.#startTime) / 1000).toFixed(1);
    process.stdout.write(`[${seconds.padStart(5)} s] ${text}\n`);
  };

  /** Prints what begins, and every few seconds that it still goes on. */
  async during<T>(what: string, work: Promise<T>): Promise<T> {
    this.say(`${what} …`);
    const timer = setInterval(() => {
      if (!this.#isStopping) {
        this.say(`… still ${lowerFirst(what)}`);
      }
    }, STILL_MS);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  /** Says that everything is being stopped; from now on, nothing else is told to go on. */
  stopping(): void {
    this.say("Stopping … (once more to force it)");
    this.#isStopping = true;
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
