import { passKeysOf } from "@tessera/admission-pass";
import { Finder } from "@tessera/service-kit/finder";
import { poolLane } from "@tessera/service-kit/lane";
import { briefError } from "@tessera/service-kit/logged-error";
import type { Logger } from "@tessera/service-kit/logger";
import { ServiceError } from "@tessera/service-kit/service-error";
import { Admission } from "./app/admit-people.ts";
import { AvailabilityCache } from "./app/availability-cache.ts";
import { claimOutcome } from "./app/claim-outcome.ts";
import { Combiners } from "./app/combiners.ts";
import { ConfirmReservation } from "./app/confirm-reservation.ts";
import { CreateReservation } from "./app/create-reservation.ts";
import { type DrawSeedStore, DrawSeeds } from "./app/draw-seeds.ts";
import type { Ledger, StockLevels } from "./app/ledger.ts";
import { PassGate } from "./app/pass-gate.ts";
import { ReleaseUnits } from "./app/release-units.ts";
import type { ReservationStore } from "./app/reservation-store.ts";
import type { Sales } from "./app/sales.ts";
import { settleClaims } from "./app/settle-claims.ts";
import type { SweepDeps } from "./app/sweep.ts";
import { WaitingRooms } from "./app/waiting-rooms.ts";
import type { Config } from "./config.ts";
import type { OnEntryFailure } from "./grpc/entry-failure.ts";
import type { App } from "./grpc/reservation-service.ts";
import type { WaitingRoomApp } from "./grpc/waiting-room-service.ts";
import type { ReservationMetrics } from "./metrics.ts";
import { AvailabilityNews } from "./redis/availability-news.ts";
import type { RedisConnections } from "./redis/open-redis.ts";
import { RedisWaitingRoomStore } from "./redis/redis-waiting-room-store.ts";
import { RedlockEventLock } from "./redis/redlock-event-lock.ts";
import type { WaitingRoomMetrics } from "./waiting-room-metrics.ts";

/** Events whose stock, or whose line, is kept in memory at most. */
const EVENTS_MAX = 10_000;

/** Opened adapters. */
interface Adapters {
  config: Config;
  store: ReservationStore;
  seeds: DrawSeedStore;
  ledger: Ledger;
  sales: Sales;
  redis: RedisConnections;
  metrics: ReservationMetrics;
  roomMetrics: WaitingRoomMetrics;
  logger: Logger;
}

/** Puts the use cases together over opened adapters. */
export function composeApp(
  deps: Adapters,
): App & WaitingRoomApp & { sweep: SweepDeps; admission: Admission } {
  const { config, store, ledger, redis, metrics, logger } = deps;
  const { gate, ...rooms } = composeRooms(deps);
  const cache = new AvailabilityCache({ trustMs: config.soldOutTrustMs, maxEvents: EVENTS_MAX });
  const { main: publisher, subscriber } = redis;
  const news = new AvailabilityNews({ publisher, subscriber, cache });
  news.listen();
  const onStock = (stock: StockLevels) => news.tellSale(stock);
  const combiners = new Combiners(combinerOptions(config), {
    lock: new RedlockEventLock({ ...redis, tokens: redis.main, ttlMs: config.lockTtlMs }),
    ledger,
    onStock,
    observer: metrics.combiner,
  });
  const ledgerTimeoutMs = config.rpcTimeoutMs;
  const createReservation = new CreateReservation({
    store,
    combiners,
    cache,
    gate,
    ledger,
    ledgerTimeoutMs,
    maxWriteBatch: config.batchSize,
    maxWrites: 3,
    maxWriteQueue: config.queueSize,
  });
  // A confirm names its payment row by row, which costs with the square of the batch.
  const batches = { maxInFlight: 4, maxQueue: config.queueSize };
  const inBatches = { ...batches, store, ledger, ledgerTimeoutMs, onStock };
  const confirmReservation = new ConfirmReservation({
    ...{ ...inBatches, maxBatch: 128 },
    lateSeconds: config.lateConfirmSeconds,
  });
  const releaseUnits = new ReleaseUnits({
    ...{ ...inBatches, maxBatch: 500 },
    onStock: (stock) => news.tellReturn(stock),
  });
  const find: ReservationStore["find"] = (ids) => store.find(ids);
  const finder = new Finder({ ...batches, name: "the queue of reads", maxBatch: 500, find });
  // The rest of the pool is left to those who buy.
  const laneOf = (what: string) => poolLane(`the queue of ${what}`, config.mysql.poolSize);
  const lanes = { changes: laneOf("changes"), lists: laneOf("lists") };
  metrics.watchQueues({
    ledger: () => combiners.longest,
    write: () => createReservation.writeQueueDepth,
    lookup: () => createReservation.lookupQueueDepth,
    replay: () => createReservation.replayQueueDepth,
    confirm: () => confirmReservation.depth,
    release: () => releaseUnits.depth,
    read: () => finder.depth,
    change: () => lanes.changes.depth,
    list: () => lanes.lists.depth,
    pass: () => gate.claimQueueDepth,
    used_pass: () => gate.endQueueDepth,
  });
  return {
    ...{ ...rooms, ...lanes },
    store,
    finder,
    ledger,
    createReservation,
    confirmReservation,
    cancel: {
      store,
      changes: lanes.changes,
      releaseUnits,
      confirmedWithinSeconds: config.cancelConfirmedSeconds,
      releaseWaitMs: 500,
      onReleaseFailure: (err) => logger.warn({ err }, "units are given back by the next sweep"),
    },
    sweep: {
      store,
      releaseUnits,
      confirmReservation,
      batchSize: config.sweepBatchSize,
      onBatch: metrics.onSweep,
    },
    defaultTimeoutMs: config.rpcTimeoutMs,
    onReserve: metrics.onReserve,
    onEntryFailure: entryFailureLog(logger),
  };
}

/** A bug is logged whole; an outage in short, for it comes with every call. */
function entryFailureLog(logger: Logger): OnEntryFailure {
  return (reason, entry) => {
    if (reason instanceof ServiceError && reason.reason !== "INTERNAL") {
      logger.warn({ err: briefError(reason), ...entry }, "an entry failed");
    } else {
      logger.error({ err: reason, ...entry }, "an entry failed");
    }
  };
}

/** The waiting rooms: their people, their admission, and the gate before the sale. */
function composeRooms(deps: Adapters): {
  gate: PassGate;
  waitingRooms: WaitingRooms;
  admission: Admission;
} {
  const { config, sales, roomMetrics } = deps;
  const { pollsPerSecond, roomMaxPeople: maxPeople } = config;
  const seeds = new DrawSeeds(deps.seeds);
  const limits = { pollsPerSecond, maxPeople };
  const store = new RedisWaitingRoomStore({ ...deps.redis.rooms, seeds, ...limits });
  const passKeys = passKeysOf(config.passSecrets);
  const common = { store, sales, passKeys };
  return {
    gate: new PassGate({
      ...common,
      outcomeOf: (claim) => claimOutcome({ ...deps, ledgerTimeoutMs: config.rpcTimeoutMs }, claim),
      onClaim: roomMetrics.onClaim,
      maxQueue: config.queueSize,
    }),
    waitingRooms: new WaitingRooms({ ...common, observer: roomMetrics.rooms }),
    admission: new Admission({
      ...{ store, sales, observer: roomMetrics.admission },
      settleClaims: (room, cursor) =>
        settleClaims({ store, reservations: deps.store }, room, cursor),
    }),
  };
}

function combinerOptions(config: Config) {
  return {
    maxBatch: config.batchSize,
    maxQueue: config.queueSize,
    lockWaitMs: config.lockWaitMs,
    lockTtlMs: config.lockTtlMs,
    lockHoldMs: config.lockHoldMs,
    lingerMs: config.lockLingerMs,
    maxEvents: EVENTS_MAX,
  };
}
