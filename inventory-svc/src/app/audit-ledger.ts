import { LRUCache } from "lru-cache";
import type { Ledger, LedgerAudit, StockUnits } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/** Events audited in one round. */
const MAX_PER_ROUND = 20;
/** Events that wait for their audit; beyond that, new ones are left out until there is room. */
const MAX_WAITING = 10_000;
/** Of these at most so many were found wanting before: the others are audited as well. */
const MAX_WANTING_PER_ROUND = 10;
/** Rounds take one part in this many of the time: an audit reads all of an event's allocations. */
const DUTY = 50;

/** Events whose stock is told; the one that changed longest ago gives way. */
const MAX_TOLD = 1_000;

/** Compares the counters of events that changed with their allocations, at a bounded cost. */
export class LedgerAuditor {
  readonly #deps: { ledger: Pick<Ledger, "audit">; metrics: LedgerMetrics };
  readonly #waiting = new Set<string>();
  readonly #wanting = new Map<string, LedgerAudit>();
  /** Those whose last audit failed: they have a pause of their own, which the others need not wait for. */
  readonly #failed = new Set<string>();
  readonly #told = new LRUCache<string, StockUnits>({ max: MAX_TOLD });
  readonly #now: () => number;
  #notBefore = { others: 0, failed: 0 };

  constructor(deps: {
    ledger: Pick<Ledger, "audit">;
    metrics: LedgerMetrics;
    now?: () => number;
  }) {
    this.#deps = deps;
    this.#now = deps.now ?? (() => performance.now());
  }

  /** Says that an event's stock changed. */
  touch(eventId: string): void {
    if (this.#waiting.size < MAX_WAITING) {
      this.#waiting.add(eventId);
    }
  }

  /**
   * Audits the events that waited longest, and those that were found wanting, once more, in turns;
   * then those whose audit failed before. Ends with the first audit that fails, and rejects with its
   * failure; or when `isStopped`.
   */
  async round(isStopped: () => boolean): Promise<void> {
    const now = this.#now();
    for (const which of ["others", "failed"] as const) {
      if (now >= this.#notBefore[which]) {
        await this.#auditAll(which, isStopped);
      }
    }
  }

  async #auditAll(which: "others" | "failed", isStopped: () => boolean): Promise<void> {
    const startTime = this.#now();
    let isDone = false;
    try {
      for (const eventId of which === "others"
        ? this.#others()
        : [...this.#failed].slice(0, MAX_PER_ROUND)) {
        if (isStopped()) {
          return;
        }
        await this.#audit(eventId);
      }
      isDone = true;
    } finally {
      const endTime = this.#now();
      const restTime = endTime + (endTime - startTime) * DUTY;
      this.#notBefore[which] = restTime;
      if (!isDone) {
        // What failed just now is not tried again at once.
        this.#notBefore.failed = restTime;
      }
      this.#deps.metrics.audited(this.#sum());
    }
  }

  #others(): string[] {
    const isFresh = (eventId: string) => !this.#failed.has(eventId);
    const wanting = [...this.#wanting.keys()].filter(isFresh).slice(0, MAX_WANTING_PER_ROUND);
    const fresh = [...new Set([...wanting, ...[...this.#waiting].filter(isFresh)])];
    return fresh.slice(0, MAX_PER_ROUND);
  }

  async #audit(eventId: string): Promise<void> {
    this.#waiting.delete(eventId);
    this.#failed.delete(eventId);
    this.#failed.add(eventId);
    const audit = await this.#deps.ledger.audit(eventId);
    this.#failed.delete(eventId);
    // Maps keep the order in which keys were added: whoever is still wanting comes last again.
    this.#wanting.delete(eventId);
    if (audit.oversoldUnits > 0 || audit.driftUnits > 0) {
      this.#wanting.set(eventId, audit);
    }
    this.#told.set(eventId, audit.stock);
  }

  #sum(): LedgerAudit {
    const sum = { oversoldUnits: 0, driftUnits: 0, stock: { available: 0, held: 0, sold: 0 } };
    for (const { available, held, sold } of this.#told.values()) {
      sum.stock.available += available;
      sum.stock.held += held;
      sum.stock.sold += sold;
    }
    for (const { oversoldUnits, driftUnits } of this.#wanting.values()) {
      sum.oversoldUnits += oversoldUnits;
      sum.driftUnits += driftUnits;
    }
    return sum;
  }
}
