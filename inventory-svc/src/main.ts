import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { createLogger } from "@tessera/service-kit/logger";
import { createRegistry } from "@tessera/service-kit/metrics";
import { checkMysql, migrate, openMysql } from "@tessera/service-kit/mysql";
import { run, stopOnSignal } from "@tessera/service-kit/run";
import { serveRpc } from "@tessera/service-kit/serve-rpc";
import { ledgerMetrics } from "./app/ledger-metrics.ts";
import { readConfig } from "./config.ts";
import { inventoryService } from "./grpc/inventory-service.ts";
import { MysqlEventStore } from "./mysql/mysql-event-store.ts";
import { MysqlLedger } from "./mysql/mysql-ledger.ts";
import { inventorySchema } from "./mysql/schema.ts";

await run(async () => {
  const config = readConfig(process.env);
  const logger = createLogger({ service: "inventory-svc", level: config.logLevel });
  const registry = createRegistry("inventory-svc");
  const lifecycle = new Lifecycle();
  stopOnSignal(lifecycle, logger, config.drainMs + config.graceMs + 5_000);

  const mysql = await openMysql({
    url: config.mysqlUrl,
    type: config.mysqlType,
    poolSize: config.mysqlPoolSize,
    maxWaiting: 256,
    ...inventorySchema,
  });
  lifecycle.onClose("mysql", () => mysql.destroy());
  if (config.isMigratedOnStart) {
    logger.info({ migrations: await migrate(mysql) }, "migrated");
  }

  const ledger = new MysqlLedger(mysql);
  const metrics = ledgerMetrics(registry);

  await serveRpc({
    service: InventoryService,
    implementation: inventoryService({ events: new MysqlEventStore(mysql), ledger, metrics }),
    domain: "inventory.tessera",
    grpcPort: config.grpcPort,
    httpPort: config.httpPort,
    logger,
    registry,
    lifecycle,
    checkReady: () => checkMysql(mysql),
    drainMs: config.drainMs,
    graceMs: config.graceMs,
  });
});
