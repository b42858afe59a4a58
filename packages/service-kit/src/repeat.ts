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
  let isStopped = false;
  let wake: (() => void) | undefined;
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async () => {
    let failures = 0;
    while (!isStopped) {
      try {
        await round(() => isStopped);
        failures = 0;
      } catch (reason) {
        failures = Math.min(failures + 1, 3);
        options.onFailure(reason);
      }
      if (!isStopped) {
        await pause(options.intervalMs * 2 ** failures);
      }
    }
  };
  const running = run();
  return {
    stop: () => {
      isStopped = true;
      wake?.();
      return running;
    },
  };
}
