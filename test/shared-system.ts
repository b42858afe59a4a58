import { openSystem, printLogs, type System } from "@tessera/testkit/processes";
import { TEST_ENV } from "./test-env.ts";

const opened = {} as System;
let opening: Promise<() => Promise<void>> | undefined;

/**
 * One running system for all test files that leave it as they found it: each works on events and
 * with buyers of its own. What a file stops it starts again, and the files after it are the proof
 * that the system came back.
 *
 * Call it inside `describe`; read the result inside hooks and tests only.
 */
export function useSharedSystem(): System {
  before(async function () {
    this.timeout(120_000);
    opening ??= openSystem({ env: TEST_ENV }, opened);
    await opening;
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") {
      printLogs(opened);
    }
  });
  return opened;
}

// Of the whole run: registered when the first file that shares the system is loaded.
after(async () => {
  // A failure to open was told where it happened.
  const close = await opening?.catch(() => undefined);
  await close?.();
});
