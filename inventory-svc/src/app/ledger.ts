import type { Allocation, Book, Change, StockLine } from "../domain/ledger.ts";

/** What to read under the event's lock, besides the event and its stock. */
export interface LedgerQuery {
  eventId: string;
  /** Allocations to look up, of any event; at most 1000. */
  allocationIds: readonly string[];
  /**
   * Whose units to sum: these users, or the owners of the looked-up allocations that are
   * released.
   */
  unitsOf: readonly string[] | "released";
  /** A change of a capacity to look up, of any event. */
  capacityChangeId?: string;
  /** A change of an event to look up, of any event; the event's terms are read with it. */
  eventChangeId?: string;
  /** Aborted when the caller has gone: work that waited too long is then not started. */
  signal?: AbortSignal | undefined;
}

/** What is left of each ticket type of one event, as one version of the ledger. */
export interface StockLevels {
  eventId: string;
  /** A higher version is newer. */
  version: bigint;
  /** In the event's order. */
  lines: readonly StockLine[];
}

/** A decision's outcome and the stock it left. */
export interface Settled<T> {
  outcome: T;
  stock: StockLevels;
}

/** One allocation of one event. */
export interface Ref {
  allocationId: string;
  eventId: string;
}

/** Units by what became of them. */
export interface StockUnits {
  available: number;
  held: number;
  sold: number;
}

/** How one event's counters compare with its allocations. */
export interface LedgerAudit {
  /** Units held or sold beyond the capacity; must be 0. */
  oversoldUnits: number;
  /** Units by which counters and allocations differ; must be 0. */
  driftUnits: number;
  /** What the counters say, over all of its ticket types. */
  stock: StockUnits;
}

/** The stock ledger: who has which units. */
export interface Ledger {
  /**
   * Locks one event, reads its book, and writes the change that `decide` returns, all in one
   * transaction. Resolves to undefined for an unknown event.
   *
   * `decide` must be pure: it runs again when the database asks to. What it throws leaves
   * everything as it was. Fails with DEPENDENCY_UNAVAILABLE when the store does not answer; the
   * change may then have been made or not.
   */
  settle<T extends { change: Change }>(
    query: LedgerQuery,
    decide: (book: Book) => T,
  ): Promise<Settled<T> | undefined>;

  /**
   * The allocations with these ids, at most 500, of any event; unknown ones are missing. Waits for
   * no lock: what is being decided is not seen.
   */
  find(ids: readonly string[]): Promise<readonly Allocation[]>;

  /**
   * Moves the time at which a held allocation lapses, never backwards and never beyond
   * `maxSeconds` after it was granted. Returns the allocation as it is afterwards.
   */
  extend(
    allocationId: string,
    expireTime: Date,
    maxSeconds: number,
  ): Promise<Pick<Allocation, "state" | "createTime" | "expireTime"> | undefined>;

  /**
   * Held allocations that lapsed before `now - graceSeconds`, the longest lapsed first; those of the
   * events in `except` are left out.
   */
  findOrphans(options: {
    graceSeconds: number;
    limit: number;
    except: readonly string[];
  }): Promise<{ orphans: Ref[]; lapsedBefore: Date; lagSeconds: number }>;

  /** The events of the newest allocations, a thousand at most. */
  newestEventIds(): Promise<string[]>;

  /** Compares one event's counters with its allocations, at one moment. */
  audit(eventId: string): Promise<LedgerAudit>;
}
