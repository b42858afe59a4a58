import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { createLogger } from "@tessera/service-kit/logger";
import { ServiceError } from "@tessera/service-kit/service-error";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { untilTrue } from "@tessera/testkit/until";
import { expect } from "chai";
import { Registry } from "prom-client";
import { LedgerAuditor } from "../src/app/audit-ledger.ts";
import type { Ledger } from "../src/app/ledger.ts";
import { releaseOrphans } from "../src/app/release-orphans.ts";
import { startJobs } from "../src/jobs.ts";
import { ledgerMetrics } from "../src/metrics.ts";
import { MysqlLedger } from "../src/mysql/mysql-ledger.ts";
import {
  type CreatedEvent,
  createEvent,
  differing,
  expectExact,
  onEventFailure,
  stockOf,
  useInventory,
} from "./use-inventory.ts";

describe("orphans", () => {
  const inventory = useInventory();
  const isStopped = () => false;

  async function hold(event: CreatedEvent, count: number): Promise<string[]> {
    const entries = Array.from({ length: count }, () => event.wish([0, 1]));
    await inventory.client.batchAllocate({ eventId: event.eventId, entries });
    return entries.map(({ allocationId }) => allocationId);
  }

  /** Makes all of an event's allocations lapse so many seconds ago. */
  async function lapse(event: CreatedEvent, secondsAgo: number): Promise<void> {
    await inventory.schema.pool.query(
      "UPDATE allocation SET expire_time = UTC_TIMESTAMP(3) - INTERVAL ? SECOND WHERE event_id = ?",
      [secondsAgo, uuidToBytes(event.eventId)],
    );
  }

  it("are released after the grace, and no sooner; what is sold stays", async () => {
    const { client, ledger, metrics } = inventory;
    const event = await createEvent(client, [10]);
    const { eventId } = event;
    const [sold = ""] = await hold(event, 4);
    await client.batchCommit({ entries: [{ allocationId: sold, eventId }] });
    await lapse(event, 10);
    await releaseOrphans({ ledger, metrics, onEventFailure }, { graceSeconds: 15, isStopped });
    expect(await stockOf(client, eventId)).to.deep.equal([[6, 3, 1]]);
    await lapse(event, 20);
    await releaseOrphans({ ledger, metrics, onEventFailure }, { graceSeconds: 15, isStopped });
    expect(await stockOf(client, eventId)).to.deep.equal([[9, 0, 1]]);
    await expectExact(inventory, eventId);
  });

  it("are no batch when there are none", async () => {
    const { ledger } = inventory;
    const own = new Registry();
    const deps = { ledger, metrics: ledgerMetrics(own), onEventFailure };
    await releaseOrphans(deps, { graceSeconds: 15, isStopped });
    expect(await own.metrics()).to.include("tessera_ledger_batch_size");
    expect(await own.metrics()).not.to.match(/^tessera_ledger_batch_size_count.* /m);
  });

  it("are all released, however many, by several replicas at once, while the sale goes on", async () => {
    const { client, ledger, schema } = inventory;
    const registries = [new Registry(), new Registry()];
    const event = await createEvent(client, [4_000]);
    const other = await createEvent(client, [4_000]);
    await Promise.all([hold(event, 1000), hold(event, 1000), hold(other, 600)]);
    await lapse(event, 60);
    await lapse(other, 60);
    const selling = Promise.all(Array.from({ length: 20 }, () => hold(event, 10)));
    await Promise.all(
      registries.map((registry) =>
        releaseOrphans(
          {
            ledger: new MysqlLedger(schema.source),
            metrics: ledgerMetrics(registry),
            onEventFailure,
          },
          { graceSeconds: 15, isStopped },
        ),
      ),
    );
    await selling;
    // A replica that found only what the other had just released left the rest to its next round.
    await releaseOrphans(
      { ledger, metrics: inventory.metrics, onEventFailure },
      { graceSeconds: 15, isStopped },
    );
    expect(await stockOf(client, event.eventId)).to.deep.equal([[3_800, 200, 0]]);
    expect(await stockOf(client, other.eventId)).to.deep.equal([[4_000, 0, 0]]);
    await expectExact(inventory, event.eventId);
  });

  it("are left alone when their owner comes back in between", async () => {
    const { client, ledger, metrics } = inventory;
    const event = await createEvent(client, [10]);
    const { eventId } = event;
    const [committed = "", extended = ""] = await hold(event, 3);
    await lapse(event, 60);
    const latecomer = differing(inventory, {
      findOrphans: async (options) => {
        const found = await ledger.findOrphans(options);
        await client.batchCommit({ entries: [{ allocationId: committed, eventId }] });
        await ledger.extend(extended, new Date(Date.now() + 60_000), 7_200);
        return found;
      },
    });
    await releaseOrphans(
      { ledger: latecomer, metrics, onEventFailure },
      { graceSeconds: 15, isStopped },
    );
    expect(await stockOf(client, eventId)).to.deep.equal([[8, 1, 1]]);
  });

  it("of one event that cannot be settled keep nobody else's, however many they are", async () => {
    const { client, ledger, metrics } = inventory;
    const [stuck, other] = [await createEvent(client, [600]), await createEvent(client, [10])];
    await hold(stuck, 600);
    await hold(other, 1);
    await lapse(stuck, 60);
    await lapse(other, 50);
    const broken = differing(inventory, {
      settle: (query, decide) =>
        query.eventId === stuck.eventId
          ? Promise.reject(new ServiceError("DEPENDENCY_UNAVAILABLE", "others keep its lock"))
          : ledger.settle(query, decide),
    });
    const failures: unknown[] = [];
    const onEventFailure = (failure: unknown) => failures.push(failure);
    const sweep = (of: Ledger) =>
      releaseOrphans({ ledger: of, metrics, onEventFailure }, { graceSeconds: 15, isStopped });
    await sweep(broken);
    expect(await stockOf(client, other.eventId)).to.deep.equal([[10, 0, 0]]);
    expect(failures).to.have.length(1);
    // Where there is nothing else the round fails, and the job's metric tells.
    const round = sweep(broken).catch((reason: unknown) => reason);
    expect(await round).to.include({ reason: "DEPENDENCY_UNAVAILABLE" });
    await sweep(ledger);
    expect(await stockOf(client, stuck.eventId)).to.deep.equal([[600, 0, 0]]);
  });

  it("are not swept any more after the stop", async () => {
    const { client, ledger, metrics } = inventory;
    const event = await createEvent(client, [10]);
    await hold(event, 2);
    await lapse(event, 60);
    await releaseOrphans(
      { ledger, metrics, onEventFailure },
      { graceSeconds: 15, isStopped: () => true },
    );
    expect(await stockOf(client, event.eventId)).to.deep.equal([[8, 2, 0]]);
  });

  it("are found by the background job, which survives failures; drift is seen by the audit", async () => {
    const { client, ledger, schema } = inventory;
    const registry = new Registry();
    const metrics = ledgerMetrics(registry);
    const lifecycle = new Lifecycle();
    let failures = 0;
    const flaky = differing(inventory, {
      findOrphans: (options) => {
        failures += 1;
        return failures === 1
          ? Promise.reject(new Error("the database hiccups"))
          : ledger.findOrphans(options);
      },
    });
    const event = await createEvent(client, [10]);
    await hold(event, 4);
    await lapse(event, 60);
    const auditor = new LedgerAuditor({ ledger: flaky, metrics });
    startJobs(
      {
        ...{ ledger: flaky, metrics, auditor, registry, lifecycle, onEventFailure },
        logger: createLogger({ service: "test", level: "silent" }),
      },
      { orphanGraceSeconds: 15, sweepIntervalMs: 10 },
    );
    await untilTrue(async () => (await stockOf(client, event.eventId))[0]?.[0] === 10);
    await lifecycle.close();
    expect(await stockOf(client, event.eventId)).to.deep.equal([[10, 0, 0]]);
    expect(failures).to.be.at.least(2);
    expect(await registry.metrics()).to.include(
      'tessera_background_failures_total{task="sweep"} 1\n',
    );
    expect(await registry.metrics()).to.match(/^tessera_orphans_released_total [4-9]\d*$/m);

    // Somebody wrote into the ledger's tables.
    await schema.pool.query(
      "UPDATE stock SET held = held + 3, available = available - 3 WHERE event_id = ?",
      [uuidToBytes(event.eventId)],
    );
    const audits = new LedgerAuditor({ ledger, metrics });
    audits.touch(event.eventId);
    await audits.round(() => false);
    expect(await registry.metrics()).to.match(/^tessera_ledger_drift_units 3$/m);
    expect(await registry.metrics()).to.match(/^tessera_oversold_units 0$/m);
    expect(await registry.metrics()).to.match(/^tessera_stock_units\{state="available"\} 7$/m);
    expect(await registry.metrics()).to.match(/^tessera_stock_units\{state="held"\} 3$/m);
  });
});
