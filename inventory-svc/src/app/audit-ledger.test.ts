import { expect } from "chai";
import { Registry } from "prom-client";
import { ledgerMetrics } from "../metrics.ts";
import { LedgerAuditor } from "./audit-ledger.ts";
import type { Ledger, LedgerAudit } from "./ledger.ts";

const DRIFT: LedgerAudit = {
  oversoldUnits: 0,
  driftUnits: 1,
  stock: { available: 1, held: 0, sold: 0 },
};

describe("LedgerAuditor", () => {
  const audited: string[] = [];
  const unreachable = new Set<string>();
  let auditor: LedgerAuditor;
  let now: number;
  /** By how much a look at the clock moves it on. */
  let step: number;
  beforeEach(() => {
    now = 0;
    step = 0;
    audited.length = 0;
    unreachable.clear();
    const ledger: Pick<Ledger, "audit"> = {
      audit: async (eventId) => {
        audited.push(eventId);
        now += 1;
        if (unreachable.has(eventId)) {
          now += 1_000;
          throw new Error("mysql is away");
        }
        return DRIFT;
      },
    };
    const metrics = ledgerMetrics(new Registry());
    auditor = new LedgerAuditor({ ledger, metrics, now: () => (now += step) });
  });

  /** The next round that is due. */
  async function nextRound(): Promise<readonly string[]> {
    const { length } = audited;
    while (audited.length === length) {
      await auditor.round(() => false).catch(() => undefined);
      now += 1;
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

  it("audits an event again whose audit failed, whatever else there is, and after all else", async () => {
    touch("bad");
    await nextRound();
    unreachable.add("failed");
    touch("failed");
    expect(await nextRound()).to.deep.equal(["bad", "failed"]);
    unreachable.clear();
    touch("failed", ...Array.from({ length: 30 }, (_, nth) => `other ${nth}`));
    now += 1_000_000;
    const round = await nextRound();
    expect([round[0], round.length, round.at(-1)]).to.deep.equal(["bad", 21, "failed"]);
  });

  it("audits the others first, also when the clock moves on between two looks at it", async () => {
    step = 1;
    for (const nth of [0, 1, 2]) {
      unreachable.add("failed");
      touch("failed");
      await nextRound();
      unreachable.clear();
      touch("other");
      now += nth;
      expect((await nextRound())[0], `${nth}`).to.equal("other");
      await nextRound();
    }
  });

  it("does not try an audit again at once that failed just now", async () => {
    unreachable.add("failed");
    touch("failed");
    await nextRound();
    await auditor.round(() => false);
    expect(audited).to.deep.equal(["failed"]);
  });

  it("does not let the others wait for an event whose audit always fails", async () => {
    unreachable.add("failed");
    touch("failed");
    await nextRound();
    const startTime = now;
    for (const other of Array.from({ length: 20 }, (_, nth) => `other ${nth}`)) {
      touch(other, "failed");
      while (!audited.includes(other)) {
        await nextRound();
      }
    }
    // One pause after the first failure, which may be the database's; a second one for each of twenty would be long.
    expect(now - startTime).to.be.below(2 * 50 * 1_001);
    expect(audited.filter((eventId) => eventId === "failed").length).to.be.within(2, 4);
  });

  it("ends a round with the audit that is under way when it is stopped", async () => {
    touch("one", "two", "three");
    await auditor.round(() => audited.length > 0);
    expect(audited).to.deep.equal(["one"]);
  });
});
