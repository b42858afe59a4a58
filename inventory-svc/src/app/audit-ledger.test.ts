import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { Registry } from "prom-client";
import { LedgerAuditor } from "./audit-ledger.ts";
import type { Ledger, LedgerAudit } from "./ledger.ts";
import { ledgerMetrics } from "./ledger-metrics.ts";

const DRIFT: LedgerAudit = {
  oversoldUnits: 0,
  driftUnits: 1,
  stock: { available: 1, held: 0, sold: 0 },
};

describe("LedgerAuditor", () => {
  const audited: string[] = [];
  let auditor: LedgerAuditor;
  beforeEach(() => {
    audited.length = 0;
    const ledger: Pick<Ledger, "audit"> = {
      audit: async (eventId) => {
        audited.push(eventId);
        return DRIFT;
      },
    };
    auditor = new LedgerAuditor({ ledger, metrics: ledgerMetrics(new Registry()) });
  });

  /** The next round that is due. */
  async function nextRound(): Promise<readonly string[]> {
    const { length } = audited;
    while (audited.length === length) {
      await auditor.round(() => false);
      await setImmediate();
    }
    return audited.slice(length);
  }

  function touch(...eventIds: readonly string[]): void {
    for (const eventId of eventIds) {
      auditor.touch(eventId);
    }
  }

  it("audits the others beside those that were found wanting, and those in turns", async () => {
    const bad = Array.from({ length: 20 }, (_, nth) => `bad ${nth}`);
    touch(...bad);
    expect(await nextRound()).to.deep.equal(bad);
    touch("new");
    expect(await nextRound()).to.deep.equal([...bad.slice(0, 10), "new"]);
    touch("newer");
    expect(await nextRound()).to.deep.equal([...bad.slice(10), "newer"]);
  });

  it("ends a round with the audit that is under way when it is stopped", async () => {
    touch("one", "two", "three");
    await auditor.round(() => audited.length > 0);
    expect(audited).to.deep.equal(["one"]);
  });
});
