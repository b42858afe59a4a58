/** What one class of requests promises; docs/slo.md says the same in words. */
export interface ClassSlo {
  /** The share of requests that get an answer they may expect. */
  availability: number;
  /** Latencies in milliseconds, as the client sees them. */
  p95: number;
  p99: number;
}

/** The promises, by class of request. Nothing in here needs k6: tests read it, too. */
export const SLO = {
  /** Events, lists of events, what is left. */
  read: { availability: 0.999, p95: 150, p99: 500 },
  /** A buyer's own reservations. */
  own: { availability: 0.999, p95: 200, p99: 500 },
  reserve: { availability: 0.999, p95: 300, p99: 1000 },
  /** Reserve, in the second in which a whole crowd comes: nobody waits for long to know. */
  crowd: { availability: 0.999, p95: 2000, p99: 3000 },
  /** Confirm, cancel, extend. */
  change: { availability: 0.999, p95: 300, p99: 1000 },
  /** Join, poll, leave the waiting room; its draw. */
  queue: { availability: 0.999, p95: 200, p99: 500 },
  /** Sign-up and sign-in: a password's hash is slow on purpose. */
  account: { availability: 0.999, p95: 750, p99: 1500 },
  /** Refresh and end a session, see one's account. */
  session: { availability: 0.999, p95: 300, p99: 1000 },
  /** Create and change events. */
  organise: { availability: 0.999, p95: 300, p99: 1000 },
  /** gRPC calls from one service to another. */
  rpc: { availability: 0.999, p95: 100, p99: 300 },
} as const satisfies Readonly<Record<string, ClassSlo>>;

/** A class of requests. */
export type RequestClass = keyof typeof SLO;

/** What holds for the product as a whole. */
export const PROMISES = {
  oversoldUnits: 0,
  lostReservations: 0,
  /** Of those who joined a waiting room, in percent: admitted, or told that all is gone. */
  answeredPercent: 100,
  sweepLagSeconds: 5,
  staleSeconds: 1,
  /** The last third of a soak against the first, for latency, and against the second, for memory. */
  soakLatencyRatio: 1.5,
  soakMemoryRatio: 1.25,
} as const;
