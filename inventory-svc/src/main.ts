import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { begin } from "@tessera/service-kit/begin";
import { queueMetrics } from "@tessera/service-kit/metrics";
import { openMysql } from "@tessera/service-kit/mysql";
import { mysqlMetrics } from "@tessera/service-kit/mysql-metrics";
import { run } from "@tessera/service-kit/run";
import { schemaCheck } from "@tessera/service-kit/schema-check";
import { served, serveRpc } from "@tessera/service-kit/serve-rpc";
import { ServiceError } from "@tessera/service-kit/service-error";
import { LedgerAuditor } from "./app/audit-ledger.ts";
import type { OnEventFailure } from "./app/by-event.ts";
import { readConfig } from "./config.ts";
import { inventoryService } from "./grpc/inventory-service.ts";
import { startJobs } from "./jobs.ts";
import { ledgerMetrics } from "./metrics.ts";
import { MysqlEventStore } from "./mysql/mysql-event-store.ts";
import { MysqlLedger } from "./mysql/mysql-ledger.ts";
import { SCHEMA } from "./mysql/schema.ts";

await run(async () => {
  const config = readConfig(process.env);
  const { logger, registry, lifecycle, tracing } = await begin("inventory-svc", config);

  const mysql = await openMysql({
    ...SCHEMA,
    ...config.mysql,
    maxWaiting: 256,
  });
  lifecycle.onClose("mysql", () => mysql.destroy());
  mysqlMetrics(mysql, registry);

  const metrics = ledgerMetrics(registry);
  const ledger = new MysqlLedger(mysql, { onChange: (eventId) => auditor.touch(eventId) });
  const auditor = new LedgerAuditor({ ledger, metrics });
  const onEventFailure: OnEventFailure = (err, event) => {
    const level = err instanceof ServiceError ? "warn" : "error";
    logger[level]({ err, ...event }, "an event of a batch failed");
  };
  startJobs({ ledger, metrics, auditor, registry, lifecycle, logger, onEventFailure }, config);

  const events = new MysqlEventStore(mysql);
  queueMetrics(registry, { settle: () => ledger.depth, ...events.depths });
  await serveRpc({
    services: [
      served(InventoryService, inventoryService({ events, ledger, metrics, onEventFailure })),
    ],
    domain: "inventory.tessera",
    grpcPort: config.grpcPort,
    httpPort: config.httpPort,
    logger,
    registry,
    lifecycle,
    checkReady: schemaCheck(mysql),
    drainMs: config.drainMs,
    graceMs: config.graceMs,
    tracing,
  });
});
