import { setFlagsFromString } from "node:v8";
import { InvalidEnvironment } from "./env.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./logger.ts";

/** How long a process may take to stop, in milliseconds. */
export function stopDeadlineMs({ drainMs, graceMs }: { drainMs: number; graceMs: number }): number {
  return drainMs + graceMs + 5_000;
}

/**
 * Closes the lifecycle on SIGTERM and SIGINT, then exits: 0 when it was clean, else 1.
 *
 * A second signal, or `deadlineMs` without an end, exits at once.
 */
export function stopOnSignal(lifecycle: Lifecycle, logger: Logger, deadlineMs: number): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) {
      process.exit(1);
    }
    isStopping = true;
    logger.info({ signal }, "stopping");
    setTimeout(() => {
      logger.error("stopping took too long");
      process.exit(1);
    }, deadlineMs).unref();
    lifecycle.close().then(
      () => {
        logger.info("stopped");
        process.exit(0);
      },
      (err: unknown) => {
        logger.error({ err }, "stopped, not cleanly");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

/**
 * How V8 manages the heap. Not on the command line: NODE_OPTIONS, which images and charts set, takes
 * none of these.
 */
const HEAP_FLAGS = [
  // How much the old generation may grow, in percent, before it is marked again. V8 takes about 30
  // for a heap as small as ours: an eighth more of a busy BFF's time. 100 is no quicker, and larger.
  "--heap-growing-percent=70",
  // What often outlives the young generation, V8 makes in the old one from the start. Of a crowd's
  // requests, all of which wait when the young generation is full, that takes lists that are garbage
  // a moment later, and what they hold stays with them: nearly half of all that was made, and a
  // third of a busy BFF's time.
  "--no-allocation-site-pretenuring",
  // By how much the young generation grows at a time. When nobody has come for some twenty seconds, V8
  // has shrunk it to 1 MB; at V8's own 2, the next crowd's first second goes into growing it again: a
  // tenth more of the BFF's time.
  "--semi-space-growth-factor=16",
];

/** Runs a program's main function; an operator's mistake ends it with one message, exit code 2. */
export async function run(main: () => Promise<void>): Promise<void> {
  for (const flag of HEAP_FLAGS) {
    setFlagsFromString(flag);
  }
  try {
    await main();
  } catch (reason) {
    const message =
      reason instanceof InvalidEnvironment
        ? reason.message
        : reason instanceof Error
          ? (reason.stack ?? reason.message)
          : String(reason);
    process.stderr.write(`${message}\n`);
    process.exit(reason instanceof InvalidEnvironment ? 2 : 1);
  }
}
