import { createClient } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { begin } from "@tessera/service-kit/begin";
import { GrpcTransport } from "@tessera/service-kit/grpc-client";
import { openMysql, poolOf } from "@tessera/service-kit/mysql";
import { mysqlMetrics } from "@tessera/service-kit/mysql-metrics";
import { run } from "@tessera/service-kit/run";
import { schemaCheck } from "@tessera/service-kit/schema-check";
import { served, serveRpc } from "@tessera/service-kit/serve-rpc";
import { Sales } from "./app/sales.ts";
import { composeApp } from "./compose.ts";
import { readConfig } from "./config.ts";
import { InventoryLedger } from "./grpc/inventory-ledger.ts";
import { InventorySales } from "./grpc/inventory-sales.ts";
import { reservationService } from "./grpc/reservation-service.ts";
import { waitingRoomService } from "./grpc/waiting-room-service.ts";
import { startJobs } from "./jobs.ts";
import { reservationMetrics } from "./metrics.ts";
import { MysqlDrawSeedStore } from "./mysql/mysql-draw-seed-store.ts";
import { MysqlOutbox } from "./mysql/mysql-outbox.ts";
import { MysqlPrune } from "./mysql/mysql-prune.ts";
import { MysqlReservationStore } from "./mysql/mysql-reservation-store.ts";
import { SCHEMA } from "./mysql/schema.ts";
import { openRedis } from "./redis/open-redis.ts";
import { RedisEventStream } from "./redis/redis-event-stream.ts";
import { waitingRoomMetrics } from "./waiting-room-metrics.ts";

await run(async () => {
  const config = readConfig(process.env);
  const { logger, registry, lifecycle, tracing } = await begin("reservation-svc", config);
  const metrics = reservationMetrics(registry);

  const source = await openMysql({
    ...SCHEMA,
    ...config.mysql,
    maxWaiting: config.queueSize,
  });
  lifecycle.onClose("mysql", () => source.destroy());
  mysqlMetrics(source, registry);
  const roomMetrics = waitingRoomMetrics(registry, (err, eventId) =>
    logger.warn({ err, eventId }, "a waiting room could not be looked after"),
  );
  const redis = openRedis(config, lifecycle, {
    locks: (isOpen) => {
      logger.warn({ isOpen }, isOpen ? "doing without Redis" : "Redis is back");
      metrics.onBreaker(isOpen);
    },
    rooms: (isOpen) => {
      logger.warn({ isOpen }, isOpen ? "the waiting rooms are lost" : "the waiting rooms are back");
      roomMetrics.onBreaker(isOpen);
    },
  });
  const transport = new GrpcTransport({
    address: config.inventoryAddress,
    defaultTimeoutMs: config.rpcTimeoutMs,
  });
  lifecycle.onClose("inventory", () => transport.close());

  const store = new MysqlReservationStore(poolOf(source));
  const inventory = createClient(InventoryService, transport);
  const ledger = new InventoryLedger(inventory, config);
  const sales = new Sales(new InventorySales(inventory));
  const { admission, ...app } = composeApp({
    ...{ config, store, ledger, sales, redis, logger },
    seeds: new MysqlDrawSeedStore(poolOf(source)),
    ...{ metrics, roomMetrics },
  });
  const relay = {
    outbox: new MysqlOutbox(poolOf(source)),
    stream: new RedisEventStream(redis.relay, { maxLength: config.streamMaxLength }),
    batchSize: 500,
    onBatch: metrics.onRelay,
  };
  const prunable = new MysqlPrune(poolOf(source));
  startJobs({ sweep: app.sweep, relay, prunable, admission, registry, lifecycle, logger }, config);

  await serveRpc({
    services: [
      served(ReservationService, reservationService(app)),
      served(WaitingRoomService, waitingRoomService(app)),
    ],
    domain: "reservation.tessera",
    grpcPort: config.grpcPort,
    httpPort: config.httpPort,
    logger,
    registry,
    lifecycle,
    checkReady: schemaCheck(source),
    drainMs: config.drainMs,
    graceMs: config.graceMs,
    tracing,
  });
});
