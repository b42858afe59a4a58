import { openSystem, printLogs, type System, type SystemOptions } from "@tessera/testkit/processes";
import { TEST_ENV } from "./test-env.ts";

/**
 * One running system for all test files that leave it as they found it: each works on events and
 * with buyers of its own. What a file stops it starts again, and the files after it are the proof
 * that the system came back.
 *
 * Call it inside `describe`; read the result inside hooks and tests only.
 */
export const useSharedSystem = shared({ env: TEST_ENV });

/** As {@link useSharedSystem}; its MySQL may be stopped, and set otherwise. */
export const useSharedSystemWithMysql = shared({ env: TEST_ENV, hasOwnMysql: true });

function shared(options: SystemOptions): () => System {
  const opened = {} as System;
  let opening: Promise<() => Promise<void>> | undefined;
  // Of the whole run: registered when the first file that shares a system is loaded.
  after(async () => {
    // A failure to open was told where it happened.
    const close = await opening?.catch(() => undefined);
    await close?.();
  });
  return () => {
    before(async function () {
      this.timeout(120_000);
      opening ??= openSystem(options, opened);
      await opening;
    });
    afterEach(function () {
      if (this.currentTest?.state === "failed") {
        printLogs(opened);
      }
    });
    return opened;
  };
}
