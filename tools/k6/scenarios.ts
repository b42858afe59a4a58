import type { RunSettings } from "../../k6/lib/run-file.ts";

/** A number that a run can be given. */
export interface Setting {
  /** What it means here; empty where the scenario has no use for it. */
  about: string;
  fallback: number;
  max: number;
}

/** One of k6's scenarios, and what a run of it needs. */
export interface Scenario {
  name: string;
  /** In `k6/scenarios/`. */
  file: string;
  about: string;
  /**
   * What the reference did, for the table beside ours: F-Lab's ticketing projects, by their issues
   * on GitHub; FastPass, measured on two cores; timoshishi/backend-architecture.
   */
  reference: string;
  settings: Readonly<Record<keyof RunSettings, Setting>>;
  /** How many signed-in buyers it needs. */
  buyers: (settings: RunSettings) => number;
  /** How many accounts that can sign in. */
  accounts?: (settings: RunSettings) => number;
  /** True when nobody looks at how quick it is: then it may begin on a cold system. */
  isCold?: boolean;
  /** True when it reads what is there. */
  hasSample?: boolean;
  /** How long people may still be there after the last has come, in seconds. */
  graceSeconds: (settings: RunSettings) => number;
  /** How long people stay, where the rate rises until the first of them leave. */
  staySeconds?: number;
  /** True when a broken promise is what the run is there to find. */
  isSearch?: boolean;
  /** True when thirds of it are compared. */
  isSoak?: boolean;
}

const NONE: Setting = { about: "", fallback: 1, max: 1 };
const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** As in k6/scenarios/spike.ts and list-spike.ts. In seconds. */
const SPIKE_STAY = 30;

const usersAMinute = (fallback: number): Setting => ({
  about: "users a minute",
  fallback,
  max: 60_000,
});
const aSecond = (what: string, fallback: number): Setting => ({
  about: `${what} a second`,
  fallback,
  max: 20_000,
});
const lasting = (fallback: number): Setting => ({ about: "how long", fallback, max: DAY });
const units = (what: string, fallback: number): Setting => ({
  about: what,
  fallback,
  max: 10_000_000,
});

const arrivals = ({ rate, seconds }: RunSettings) => Math.ceil((rate * seconds) / MINUTE) + 1;

/** Named for the requests a minute that the reference wanted; 15 come of each user. */
function spike(requestsAMinute: number, users: number): Scenario {
  return {
    name: `spike-${requestsAMinute}`,
    file: "spike.ts",
    about: `${users} users a minute look around, each with 15 requests, and reserve in the end`,
    reference:
      requestsAMinute === 30_000
        ? "F-Lab: 30,000 requests/min never reached (EOF errors)"
        : "F-Lab: 6,000 requests/min, p95 < 300 ms wanted, 0 failed",
    settings: {
      rate: usersAMinute(users),
      seconds: lasting(2 * MINUTE),
      size: units("units on sale", 1_000_000),
    },
    buyers: arrivals,
    graceSeconds: () => 40,
    staySeconds: SPIKE_STAY,
  };
}

/** What goes before a scenario on processes that were only just started. */
export const WARM_UP: Scenario = {
  name: "warm-up",
  file: "warm-up.ts",
  about: "some seconds of everything",
  reference: "none",
  settings: {
    rate: aSecond("people", 100),
    seconds: lasting(8),
    size: units("units on sale", 100_000),
  },
  buyers: () => 1_000,
  graceSeconds: () => 30,
};

/** All scenarios, as `npm run k6` lists them. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "smoke",
    file: "smoke.ts",
    about: "one newcomer signs up, waits, reserves, pays and cancels: does it work?",
    reference: "1 iteration",
    settings: { rate: NONE, seconds: NONE, size: units("times", 1) },
    buyers: () => 0,
    graceSeconds: ({ size }) => 60 * size,
    isCold: true,
  },
  {
    name: "sign-in-spike",
    file: "sign-in-spike.ts",
    about: "people sign in, out of many accounts",
    reference: "F-Lab: 200 users/min over 1 M users; bcrypt 75 to 267 ms a sign-in",
    settings: {
      rate: usersAMinute(200),
      seconds: lasting(MINUTE),
      size: { about: "accounts that they are out of", fallback: 10_000, max: 1_000_000 },
    },
    buyers: () => 0,
    accounts: ({ size }) => size,
    graceSeconds: () => 30,
  },
  spike(3_000, 200),
  spike(6_000, 500),
  spike(30_000, 2_000),
  {
    name: "list-spike",
    file: "list-spike.ts",
    about: "people look at 13 pages, and at an event of each",
    reference: "F-Lab: 500 users; COUNT(*) on 10 M rows stopped the test",
    settings: { rate: usersAMinute(500), seconds: lasting(2 * MINUTE), size: NONE },
    buyers: () => 0,
    graceSeconds: () => 40,
    staySeconds: SPIKE_STAY,
  },
  {
    name: "hot-seat",
    file: "hot-seat.ts",
    about: "a crowd wants the same last units in one second, and keeps looking",
    reference: "FastPass: 27 of 50 seats sold more than once; p50/p95/p99 237/489/657 ms",
    settings: {
      rate: { about: "buyers in the first second", fallback: 10_000, max: 20_000 },
      seconds: lasting(30),
      size: units("last units", 50),
    },
    buyers: ({ rate }) => rate,
    graceSeconds: () => 31,
  },
  {
    name: "reads",
    file: "reads.ts",
    about: "random events and reservations from all over the tables",
    reference: "timoshishi: 1,300 requests/s over 30 M records, 0.1 % errors",
    settings: {
      rate: aSecond("reads", 1_300),
      seconds: lasting(20),
      size: { about: "rows to read, of each table", fallback: 10_000, max: 200_000 },
    },
    buyers: () => 0,
    hasSample: true,
    graceSeconds: () => 30,
  },
  {
    name: "waiting-room",
    file: "waiting-room.ts",
    about: "people join before the opening and after it, poll as told, buy when let in",
    reference: "F-Lab: of 1,000 people 360 admitted, 640 dropped",
    settings: {
      rate: usersAMinute(1_000),
      seconds: lasting(MINUTE),
      size: units("units on sale", 500),
    },
    buyers: arrivals,
    graceSeconds: ({ seconds }) => seconds + 130,
  },
  {
    name: "breakpoint",
    file: "breakpoint.ts",
    about: "more and more reservations a second, in ten steps, until a promise is broken",
    reference: "FastPass: 2,208 holds/s at 64 clients (p95 48 ms)",
    settings: {
      rate: aSecond("reservations, in the last step,", 10_000),
      seconds: lasting(100),
      size: units("units of each of four events", 5_000_000),
    },
    buyers: () => 10_000,
    graceSeconds: () => 5,
    isSearch: true,
  },
  {
    name: "soak",
    file: "soak.ts",
    about: "the whole flow at a steady rate: are memory and latency flat?",
    reference: "none",
    settings: {
      rate: usersAMinute(600),
      seconds: lasting(10 * MINUTE),
      size: units("units of each of four events", 1_000_000),
    },
    buyers: () => 6_000,
    graceSeconds: () => 30,
    isSoak: true,
  },
  {
    name: "grpc",
    file: "grpc.ts",
    about: "calls straight to inventory-svc and reservation-svc: 2 reads and 10 wishes each",
    reference: "none",
    settings: {
      rate: aSecond("callers", 100),
      seconds: lasting(20),
      size: units("units on sale", 5_000_000),
    },
    buyers: () => 1_000,
    graceSeconds: () => 30,
  },
];
