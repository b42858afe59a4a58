import type { Ledger, LedgerAudit } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/** Events audited in one round. */
const MAX_PER_ROUND = 20;
/** Events that wait for their audit; beyond that, new ones are left out until there is room. */
const MAX_WAITING = 10_000;
/** Rounds take one part in this many of the time: an audit reads all of an event's allocations. */
const DUTY = 50;

/** Compares the counters of events that changed with their allocations, at a bounded cost. */
export class LedgerAuditor {
  readonly #deps: { ledger: Ledger; metrics: LedgerMetrics };
  readonly #waiting = new Set<string>();
  readonly #wanting = new Map<string, LedgerAudit>();
  #notBefore = 0;

  constructor(deps: { ledger: Ledger; metrics: LedgerMetrics }) {
    this.#deps = deps;
  }

  /** Says that an event's stock changed. */
  touch(eventId: string): void {
    if (this.#waiting.size < MAX_WAITING) {
      this.#waiting.add(eventId);
    }
  }

  /** Audits the events that waited longest, and those that were found wanting, once more. */
  async round(): Promise<void> {
    const startTime = performance.now();
    if (startTime < this.#notBefore) {
      return;
    }
    const eventIds = [...new Set([...this.#wanting.keys(), ...this.#waiting])];
    for (const eventId of eventIds.slice(0, MAX_PER_ROUND)) {
      this.#waiting.delete(eventId);
      const audit = await this.#deps.ledger.audit(eventId);
      if (audit.oversoldUnits > 0 || audit.driftUnits > 0) {
        this.#wanting.set(eventId, audit);
      } else {
        this.#wanting.delete(eventId);
      }
    }
    const endTime = performance.now();
    this.#notBefore = endTime + (endTime - startTime) * DUTY;
    this.#deps.metrics.audited(this.#sum());
  }

  #sum(): LedgerAudit {
    const sum = { oversoldUnits: 0, driftUnits: 0 };
    for (const { oversoldUnits, driftUnits } of this.#wanting.values()) {
      sum.oversoldUnits += oversoldUnits;
      sum.driftUnits += driftUnits;
    }
    return sum;
  }
}
