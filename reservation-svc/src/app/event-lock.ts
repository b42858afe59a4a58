/** The right to be the one that sends an event's batches, for a short time. */
export interface Lease {
  /** Grows with each holder of the event's lock. */
  token: number;
  /** Keeps the lease while there is work; false when it was lost. */
  keep(): Promise<boolean>;
  /** True when another replica asked for it a moment ago; false when the store does not say. */
  isWanted(): Promise<boolean>;
  /** Gives the lease up; failures do not matter, it lapses by itself. */
  release(): Promise<void>;
}

/** What asking for a lease came to. `busy`: somebody else has it; `down`: the store is away. */
export type LeaseAnswer = Lease | "busy" | "down";

/**
 * Sheds contention between replicas. It is never the reason that nothing is oversold: the ledger
 * decides, with a lease or without.
 */
export interface EventLock {
  /** Asks once, without waiting. `floor`: the token must be higher. */
  acquire(eventId: string, floor: number): Promise<LeaseAnswer>;
  /** The newest lease's token, whoever has it; undefined when the store does not say. */
  lastToken(eventId: string): Promise<number | undefined>;
}
