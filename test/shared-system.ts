import { openSystem, printLogs, type System } from "@tessera/testkit/processes";

/** Long enough for a test to see that a process says no before it stops, in milliseconds. */
const DRAIN_MS = "250";

/** Passwords of tests need no protection, and a storm comes from one address. */
export const TEST_ENV = {
  "user-svc": { ARGON2_MEMORY_KIB: "128", ARGON2_TIME_COST: "1", HASH_QUEUE: "1000", DRAIN_MS },
  "inventory-svc": { ORPHAN_GRACE_SECONDS: "2", SWEEP_INTERVAL_MS: "250", DRAIN_MS },
  "reservation-svc": { SWEEP_INTERVAL_MS: "250", DRAIN_MS },
  bff: {
    SIGN_IN_PER_SECOND: "100000",
    SIGN_UP_PER_SECOND: "100000",
    RESERVE_PER_SECOND: "100000",
    RESERVE_BURST: "100000",
    QUEUE_PER_SECOND: "100000",
    QUEUE_BURST: "100000",
    // Tests look at once at what they changed.
    EVENTS_MAX_AGE_MS: "0",
    AVAILABILITY_MAX_AGE_MS: "0",
    DRAIN_MS,
  },
};

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
after(async function () {
  this.timeout(60_000);
  // A failure to open was told where it happened.
  const close = await opening?.catch(() => undefined);
  await close?.();
});
