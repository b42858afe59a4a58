/** Long enough for a test to see that a process says no before it stops, in milliseconds. */
const DRAIN_MS = "250";

/** Passwords of tests need no protection, and a storm comes from one address. */
export const TEST_ENV = {
  "user-svc": { ARGON2_MEMORY_KIB: "128", ARGON2_TIME_COST: "1", HASH_QUEUE: "1000", DRAIN_MS },
  "inventory-svc": { ORPHAN_GRACE_SECONDS: "2", SWEEP_INTERVAL_MS: "250", DRAIN_MS },
  "reservation-svc": { SWEEP_INTERVAL_MS: "250", DRAIN_MS },
  bff: {
    SIGN_IN_PER_SECOND: "100000",
    REFRESH_PER_SECOND: "100000",
    SIGN_UP_PER_SECOND: "100000",
    RESERVE_PER_SECOND: "100000",
    RESERVE_BURST: "100000",
    USER_PER_SECOND: "100000",
    USER_BURST: "100000",
    QUEUE_PER_SECOND: "100000",
    QUEUE_BURST: "100000",
    // Tests look at once at what they changed.
    EVENTS_MAX_AGE_MS: "0",
    AVAILABILITY_MAX_AGE_MS: "0",
    DRAIN_MS,
  },
};
