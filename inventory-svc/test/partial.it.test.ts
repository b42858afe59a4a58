import { setImmediate } from "node:timers/promises";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ServiceError } from "@tessera/service-kit/service-error";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { expect } from "chai";
import { Registry } from "prom-client";
import { LedgerAuditor } from "../src/app/audit-ledger.ts";
import { batchAllocate } from "../src/app/batch-allocate.ts";
import { batchCommit } from "../src/app/batch-commit.ts";
import { batchRelease } from "../src/app/batch-release.ts";
import type { OnEventFailure } from "../src/app/by-event.ts";
import type { Ledger } from "../src/app/ledger.ts";
import { inventoryService } from "../src/grpc/inventory-service.ts";
import { ledgerMetrics } from "../src/metrics.ts";
import { MysqlEventStore } from "../src/mysql/mysql-event-store.ts";
import { createEvent, differing, onEventFailure, stockOf, useInventory } from "./use-inventory.ts";

describe("a ledger that fails in part", () => {
  const inventory = useInventory();

  /** The real ledger, but for one event that it cannot settle. */
  function brokenFor(brokenId: string, failure: Error): Ledger {
    const { ledger } = inventory;
    return differing(inventory, {
      settle: (query, decide) =>
        query.eventId === brokenId ? Promise.reject(failure) : ledger.settle(query, decide),
    });
  }

  async function holdOne() {
    const { client } = inventory;
    const { eventId, wish } = await createEvent(client, [2]);
    const entry = wish([0, 1]);
    await client.batchAllocate({ eventId, entries: [entry] });
    return { eventId, allocationId: entry.allocationId };
  }

  const outage = new ServiceError("DEPENDENCY_UNAVAILABLE", "mysql is unavailable");
  for (const [failure, reason, message] of [
    [outage, "DEPENDENCY_UNAVAILABLE", "mysql is unavailable"],
    [new Error("details that are nobody's business"), "INTERNAL", "internal error"],
  ] as const) {
    it(`commits the other events' entries, and refuses its own with ${reason}`, async () => {
      const { client, metrics } = inventory;
      const [bad, good] = [await holdOne(), await holdOne()];
      const ledger = brokenFor(bad.eventId, failure);
      const seen: unknown[] = [];
      const onEventFailure: OnEventFailure = (...told) => seen.push(told);
      const deps = { ledger, metrics, onEventFailure };
      const { answers, stocks } = await batchCommit(deps, [bad, good], { requestId: "r-9" });
      expect(seen).to.deep.equal([[failure, { eventId: bad.eventId, requestId: "r-9" }]]);
      expect(answers[0]).to.include({ reason, message });
      expect(answers[1]).to.deep.equal({ reacquired: false, isNew: true });
      expect(stocks.map(({ eventId }) => eventId)).to.deep.equal([good.eventId]);
      expect(await stockOf(client, bad.eventId)).to.deep.equal([[1, 1, 0]]);
    });
  }

  for (const [failure, reason] of [
    [outage, "DEPENDENCY_UNAVAILABLE"],
    [new Error("details that are nobody's business"), "INTERNAL"],
  ] as const) {
    it(`allocates in the other events, and refuses its own batch with ${reason}`, async () => {
      const { client, schema } = inventory;
      const registry = new Registry();
      const [bad, good] = [await createEvent(client, [2]), await createEvent(client, [2])];
      const seen: unknown[] = [];
      const service = inventoryService({
        events: new MysqlEventStore(schema.source),
        ledger: brokenFor(bad.eventId, failure),
        metrics: ledgerMetrics(registry),
        onEventFailure: (...told) => seen.push(told),
      });
      const partial = createClient(
        InventoryService,
        createRouterTransport((router) => void router.service(InventoryService, service)),
      );
      const batches = [bad, good].map(({ eventId, wish }) => {
        return { eventId, entries: [wish([0, 1])] };
      });
      const headers = { "x-request-id": "r-9" };
      const { results } = await partial.batchAllocateAcrossEvents({ batches }, { headers });
      expect(results.map(({ outcome }) => outcome.case)).to.deep.equal(["error", "response"]);
      expect(results[0]?.outcome.value).to.include({ reason });
      expect(seen).to.deep.equal([[failure, { eventId: bad.eventId, requestId: "r-9" }]]);
      expect(await registry.metrics()).to.include(
        `tessera_ledger_outcomes_total{operation="allocate",outcome="${reason}"} 1\n`,
      );
      expect(await stockOf(client, bad.eventId)).to.deep.equal([[2, 0, 0]]);
      expect(await stockOf(client, good.eventId)).to.deep.equal([[1, 1, 0]]);
    });
  }

  it("fails the call when there is no other event", async () => {
    const { metrics } = inventory;
    const bad = await holdOne();
    const failure = new Error("no luck");
    const deps = {
      ledger: brokenFor(bad.eventId, failure),
      metrics,
      onEventFailure: () => undefined,
    };
    const call = batchCommit(deps, [bad]);
    expect(await call.catch((reason: unknown) => reason)).to.equal(failure);
  });

  it("releases what it can before the call fails", async () => {
    const { client, metrics } = inventory;
    const [bad, good] = [await holdOne(), await holdOne()];
    const failure = new Error("no luck");
    const refs = [bad, good].map((ref) => ({ ...ref, isFinal: true }));
    const deps = {
      ledger: brokenFor(bad.eventId, failure),
      metrics,
      onEventFailure: () => undefined,
    };
    const call = batchRelease(deps, refs);
    expect(await call.catch((reason: unknown) => reason)).to.equal(failure);
    expect(await stockOf(client, good.eventId)).to.deep.equal([[2, 0, 0]]);
    expect(await stockOf(client, bad.eventId)).to.deep.equal([[1, 1, 0]]);
  });

  it("tells a caller that asks for it which events could not be released", async () => {
    const { client, metrics } = inventory;
    const [bad, good] = [await holdOne(), await holdOne()];
    const deps = { ledger: brokenFor(bad.eventId, outage), metrics, onEventFailure };
    const refs = [bad, good].map((ref) => ({ ...ref, isFinal: true }));
    const { releasedCount, unreachable } = await batchRelease(deps, refs, { isPartial: true });
    expect([releasedCount, unreachable]).to.deep.equal([1, [bad.eventId]]);
    expect(await stockOf(client, good.eventId)).to.deep.equal([[2, 0, 0]]);
    const [only] = refs;
    const call = batchRelease(deps, only === undefined ? [] : [only], { isPartial: true });
    expect(await call.catch((reason: unknown) => reason)).to.equal(outage);
  });

  it("does not begin for a caller that has gone", async () => {
    const { client, ledger, metrics } = inventory;
    const { eventId, types } = await createEvent(client, [1]);
    const items = [{ ticketTypeId: types[0] ?? "", quantity: 1 }];
    const entries = [{ allocationId: eventId, userId: eventId, items }];
    const batch = { eventId, fencingToken: 0n, entries };
    const call = batchAllocate({ ledger, metrics }, batch, AbortSignal.abort());
    expect(await call.catch((reason: unknown) => reason)).to.include({ reason: "CANCELLED" });
    expect(await stockOf(client, eventId)).to.deep.equal([[1, 0, 0]]);
  });

  it("is told by the audit until it is mended, at a bounded cost", async () => {
    const { ledger, schema } = inventory;
    const { eventId } = await holdOne();
    const skew = (units: number) =>
      schema.pool.query("UPDATE stock SET held = held + ?, available = available - ?", [
        units,
        units,
      ]);
    await schema.pool.query("DELETE FROM stock WHERE event_id <> ?", [uuidToBytes(eventId)]);
    const registry = new Registry();
    let audits = 0;
    const counting: Pick<Ledger, "audit"> = {
      audit: (id) => {
        audits += 1;
        return ledger.audit(id);
      },
    };
    const newAuditor = () =>
      new LedgerAuditor({ ledger: counting, metrics: ledgerMetrics(registry) });
    const auditor = newAuditor();
    await skew(1);
    auditor.touch(eventId);
    await auditor.round(() => false);
    expect(await registry.metrics()).to.match(/^tessera_ledger_drift_units 1$/m);
    // The next round is not due before fifty times what the last one took.
    await auditor.round(() => false);
    expect(audits).to.equal(1);
    await skew(-1);
    registry.clear();
    const next = newAuditor();
    next.touch(eventId);
    await next.round(() => false);
    expect(await registry.metrics()).to.match(/^tessera_ledger_drift_units 0$/m);
  });

  it("fails one event's audit at the same cost, and audits the others first", async () => {
    const { ledger, schema } = inventory;
    const [bad, good] = [(await holdOne()).eventId, (await holdOne()).eventId];
    await schema.pool.query(
      "UPDATE stock SET held = held + 1, available = available - 1 WHERE event_id = ?",
      [uuidToBytes(bad)],
    );
    const registry = new Registry();
    const audited: string[] = [];
    let isBroken = false;
    const failing: Pick<Ledger, "audit"> = {
      audit: async (eventId) => {
        audited.push(eventId);
        const audit = await ledger.audit(eventId);
        if (isBroken && eventId === bad) {
          throw outage;
        }
        return audit;
      },
    };
    const auditor = new LedgerAuditor({ ledger: failing, metrics: ledgerMetrics(registry) });
    /** Rounds until another one is due; resolves to whether it failed. */
    const nextRound = async () => {
      const { length } = audited;
      while (audited.length === length) {
        try {
          await auditor.round(() => false);
        } catch (reason) {
          expect(reason).to.equal(outage);
          return "failed";
        }
        await setImmediate();
      }
      return "done";
    };
    auditor.touch(bad);
    expect(await nextRound()).to.equal("done");
    isBroken = true;
    auditor.touch(good);
    expect(await nextRound()).to.equal("failed");
    await auditor.round(() => false);
    expect(audited).to.deep.equal([bad, bad]);
    // Whoever waits comes first.
    expect(await nextRound()).to.equal("failed");
    expect(audited).to.deep.equal([bad, bad, good, bad]);
    expect(await registry.metrics()).to.match(/^tessera_ledger_drift_units 1$/m);
    isBroken = false;
    expect(await nextRound()).to.equal("done");
  });
});
