import { setTimeout } from "node:timers/promises";

/** A job that runs again and again. */
export interface Repeated {
  /** Lets the round that runs finish, then ends. */
  stop(): Promise<void>;
}

/**
 * Runs `round`, then again `intervalMs` after each end. A failed round is told to `onFailure`
 * and tried again after twice that pause, then four times, then eight times at most.
 */
export function repeat(
  round: (isStopped: () => boolean) => Promise<void>,
  options: { intervalMs: number; onFailure: (reason: unknown) => void },
): Repeated {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async () => {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await round(() => signal.aborted);
        failures = 0;
      } catch (reason) {
        failures = Math.min(failures + 1, 3);
        options.onFailure(reason);
      }
      const pauseMs = options.intervalMs * 2 ** failures;
      await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
