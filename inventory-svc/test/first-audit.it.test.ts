import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { createLogger } from "@tessera/service-kit/logger";
import { uuidToBytes } from "@tessera/service-kit/uuid";
import { until } from "@tessera/testkit/until";
import { expect } from "chai";
import { Registry } from "prom-client";
import { LedgerAuditor } from "../src/app/audit-ledger.ts";
import { startJobs } from "../src/jobs.ts";
import { ledgerMetrics } from "../src/metrics.ts";
import { createEvent, onEventFailure, useInventory } from "./use-inventory.ts";

describe("the first audit of a process", () => {
  const inventory = useInventory();

  it("finds drift of before, though nothing is sold any more", async () => {
    const { client, ledger, schema } = inventory;
    const events = [await createEvent(client, [10]), await createEvent(client, [10])];
    for (const { eventId, wish } of events) {
      await client.batchAllocate({ eventId, entries: [wish([0, 1]), wish([0, 1])] });
    }
    const eventIds = events.map(({ eventId }) => eventId);
    expect(await ledger.newestEventIds()).to.have.members(eventIds);
    await schema.pool.query(
      "UPDATE stock SET held = held + 3, available = available - 3 WHERE event_id = ?",
      [uuidToBytes(eventIds[0] ?? "")],
    );
    const registry = new Registry();
    const metrics = ledgerMetrics(registry);
    const lifecycle = new Lifecycle();
    const auditor = new LedgerAuditor({ ledger, metrics });
    const logger = createLogger({ service: "test", level: "silent" });
    startJobs(
      { ledger, metrics, auditor, registry, lifecycle, logger, onEventFailure },
      { orphanGraceSeconds: 15, sweepIntervalMs: 1_000 },
    );
    await until("the drift is told", async () =>
      /^tessera_ledger_drift_units 3$/m.test(await registry.metrics()),
    );
    await lifecycle.close();
  });
});
