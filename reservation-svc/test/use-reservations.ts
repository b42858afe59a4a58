import { randomUUID } from "node:crypto";
import { Finder } from "@tessera/service-kit/finder";
import { Lane } from "@tessera/service-kit/lane";
import { ServiceError } from "@tessera/service-kit/service-error";
import { type TestSchema, useMysql } from "@tessera/testkit/mysql";
import type { RowDataPacket } from "mysql2/promise";
import { AvailabilityCache } from "../src/app/availability-cache.ts";
import { cancelReservation } from "../src/app/cancel-reservation.ts";
import { Combiners } from "../src/app/combiners.ts";
import { ConfirmReservation } from "../src/app/confirm-reservation.ts";
import {
  type CreateDeps,
  CreateReservation,
  type CreateWish,
} from "../src/app/create-reservation.ts";
import type { EventLock } from "../src/app/event-lock.ts";
import { extendReservation } from "../src/app/extend-reservation.ts";
import type { StockLevels } from "../src/app/ledger.ts";
import { getReservation } from "../src/app/read-reservations.ts";
import { ReleaseUnits } from "../src/app/release-units.ts";
import type { ReservationStore } from "../src/app/reservation-store.ts";
import { type SweptBatch, sweep } from "../src/app/sweep.ts";
import type { Reservation } from "../src/domain/reservation.ts";
import { MysqlReservationStore } from "../src/mysql/mysql-reservation-store.ts";
import { SCHEMA } from "../src/mysql/schema.ts";
import { MemoryLedger } from "./memory-ledger.ts";

/** What a test wants to differ in one replica. */
interface ReplicaOptions {
  store?: ReservationStore;
  idOf?: CreateDeps["idOf"];
  gate?: CreateDeps["gate"];
  confirmedWithinSeconds?: number;
  sweepBatchSize?: number;
  releaseWaitMs?: number;
}

/** The use cases over a real store, and a ledger in memory. */
export interface Reservations {
  schema: TestSchema;
  ledger: MemoryLedger;
  newReplica(options?: ReplicaOptions): Replica;
  /** Makes what a sweeper would look at later due now. */
  makeDue(reservationId: string): Promise<void>;
  /** Lets a hold end now, before anybody sweeps, or so many seconds ago. */
  endHold(reservationId: string, secondsAgo?: number): Promise<void>;
  /** Makes it a reservation of an hour before. */
  makeOlder(reservationId: string): Promise<void>;
  /** The columns of a reservation that nothing else shows. */
  rowOf(reservationId: string): Promise<RowDataPacket | undefined>;
  /** Resolves when the database's clock has moved on. */
  nextMillisecond(): Promise<void>;
}

/** One process's worth of use cases. */
export type Replica = ReturnType<typeof replicaOf>;

/** Call it inside `describe`; read the result inside hooks and tests only. */
export function useReservations(): Reservations {
  const schema = useMysql(SCHEMA);
  const ledger = new MemoryLedger();
  beforeEach(() => {
    ledger.before = () => Promise.resolve();
    ledger.now = () => new Date();
  });
  const query = async (sql: string, id?: string) => {
    const values = id === undefined ? [] : [id.replaceAll("-", "")];
    const [rows] = await schema.pool.query<RowDataPacket[]>(sql, values);
    return rows;
  };
  return {
    schema,
    ledger,
    newReplica: (options = {}) => replicaOf({ schema, ledger }, options),
    makeDue: async (id) => {
      await query(
        `UPDATE reservation SET due_time = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND
         WHERE id = UNHEX(?) AND due_time IS NOT NULL`,
        id,
      );
    },
    endHold: async (id, secondsAgo = 0) => {
      const end = `UTC_TIMESTAMP(3) - INTERVAL ${secondsAgo} SECOND`;
      await query(`UPDATE reservation SET expire_time = ${end} WHERE id = UNHEX(?)`, id);
    },
    makeOlder: async (id) => {
      await query(
        "UPDATE reservation SET create_time = create_time - INTERVAL 1 HOUR WHERE id = UNHEX(?)",
        id,
      );
    },
    rowOf: async (id) => (await query("SELECT * FROM reservation WHERE id = UNHEX(?)", id))[0],
    nextMillisecond: async () => {
      const now = async () => (await query("SELECT UTC_TIMESTAMP(3) AS now"))[0]?.now.getTime();
      const startTime = await now();
      while ((await now()) === startTime) {
        // Each look is a round trip: this ends after one or two.
      }
    },
  };
}

function replicaOf(
  { schema, ledger }: { schema: TestSchema; ledger: MemoryLedger },
  options: ReplicaOptions,
) {
  const store = options.store ?? new MysqlReservationStore(schema.pool);
  const cache = new AvailabilityCache({ trustMs: 60_000, maxEvents: 100 });
  const onStock = (stock: StockLevels) => void cache.learn(stock);
  const combiners = new Combiners(
    {
      ...{ maxBatch: 50, maxQueue: 1_000, maxEvents: 100 },
      ...{ lockWaitMs: 50, lockTtlMs: 2_000, lockHoldMs: 500, lingerMs: 1 },
    },
    { lock: new SharedLock(), ledger, onStock, observer: SILENT },
  );
  const createReservation = new CreateReservation({
    store,
    combiners,
    cache,
    gate: options.gate ?? NO_ROOMS,
    ledger,
    ledgerTimeoutMs: 2_000,
    maxWriteBatch: 50,
    maxWrites: 2,
    maxWriteQueue: 1_000,
    ...(options.idOf === undefined ? {} : { idOf: options.idOf }),
  });
  const lane = { maxInFlight: 2, maxQueue: 1_000 };
  const find = store.find.bind(store);
  const finder = new Finder({ ...lane, name: "reads", maxBatch: 500, find });
  const changes = new Lane({ name: "changes", ...lane });
  const lists = new Lane({ name: "lists", ...lane });
  const inBatches = { store, ledger, onStock, maxBatch: 50, ...lane };
  const confirmReservation = new ConfirmReservation({
    ...{ ...inBatches, ledgerTimeoutMs: 2_000 },
    lateSeconds: 600,
  });
  const releaseUnits = new ReleaseUnits({ ...inBatches, ledgerTimeoutMs: 2_000 });
  const swept = { expired: 0, resumed: 0, confirmingAges: [] as number[] };
  const failures: unknown[] = [];
  const cancel = {
    store,
    changes,
    releaseUnits,
    confirmedWithinSeconds: options.confirmedWithinSeconds ?? 1_000,
    releaseWaitMs: options.releaseWaitMs ?? 5_000,
    onReleaseFailure: (reason: unknown) => failures.push(reason),
  };
  const deps = {
    store,
    releaseUnits,
    confirmReservation,
    batchSize: options.sweepBatchSize ?? 100,
    onBatch: (batch: SweptBatch) => {
      swept.expired += batch.expired;
      swept.resumed += batch.resumed;
      swept.confirmingAges.push(...batch.confirmingAges);
    },
  };
  const byRequest = (
    { id, userId }: Pick<Reservation, "id" | "userId">,
    requestId: string = randomUUID(),
  ) => ({
    reservationId: id,
    userId,
    requestId,
  });
  const create = (wish: CreateWish) => createReservation.create(wish, performance.now() + 10_000);
  return {
    store,
    cache,
    finder,
    lists,
    swept,
    /** What cancelling could not give back at once. */
    failures,
    createReservation,
    confirmReservation,
    cancelDeps: cancel,
    create,
    /** Makes a reservation of units of the event's first type, for a new buyer if nobody is named. */
    hold: async (event: EventOnSale, part: PartOfWish = {}) =>
      (await create(wishFor(event, part))).reservation,
    confirm: (reservation: Reservation, pay = "pay-1", requestId?: string) =>
      confirmReservation.confirm(
        { ...byRequest(reservation, requestId), paymentReference: pay },
        performance.now() + 10_000,
      ),
    cancel: (reservation: Reservation, requestId?: string) =>
      cancelReservation(cancel, byRequest(reservation, requestId)),
    extend: (reservation: Reservation, requestId?: string) =>
      extendReservation({ store, finder, changes, ledger }, byRequest(reservation, requestId), {}),
    get: async ({ id, userId }: Pick<Reservation, "id" | "userId">) =>
      (await getReservation(finder, { userId, reservationId: id })).reservation,
    sweep: () => sweep(deps, () => false),
  };
}

let lastToken = 0;

/** Granted to everybody: it is never the lock that keeps the ledger right. */
class SharedLock implements EventLock {
  lastToken = () => Promise.resolve(lastToken);

  async acquire(_eventId: string, floor: number) {
    lastToken = Math.max(lastToken, floor) + 1;
    const token = lastToken;
    const [yes, no] = [() => Promise.resolve(true), () => Promise.resolve(false)];
    return { token, keep: yes, isWanted: no, release: () => Promise.resolve() };
  }
}

/** In front of events that have no waiting room. */
const NO_ROOMS: CreateDeps["gate"] = {
  roomOf: () => undefined,
  claim: () => Promise.reject(new Error("there is no waiting room")),
};

const SILENT = {
  batch: () => undefined,
  lockWait: () => undefined,
  lockHold: () => undefined,
  lockLost: () => undefined,
  lockBypassed: () => undefined,
};

type EventOnSale = { eventId: string; types: string[] };
type PartOfWish = Partial<CreateWish> & { quantity?: number };

/** A new buyer's wish for units of an event's first type. */
export function wishFor(event: EventOnSale, part: PartOfWish = {}): CreateWish {
  const { quantity = 1, ...wish } = part;
  return {
    requestId: randomUUID(),
    userId: randomUUID(),
    eventId: event.eventId,
    items: [{ ticketTypeId: event.types[0] ?? "", quantity }],
    admissionPass: "",
    ...wish,
  };
}

/** The reason of a refusal; "none" when there was none; bugs fly. */
export async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "none";
  } catch (failure) {
    if (failure instanceof ServiceError) {
      return failure.reason;
    }
    throw failure;
  }
}
