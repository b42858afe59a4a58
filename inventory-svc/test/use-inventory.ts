import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import type { EventSchema } from "@tessera/proto/inventory/v1/event_pb";
import {
  type AllocateEntrySchema,
  type AllocateResult,
  type CommitResult,
  InventoryService,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import { GrpcTransport } from "@tessera/service-kit/grpc-client";
import { Lifecycle } from "@tessera/service-kit/lifecycle";
import { createLogger } from "@tessera/service-kit/logger";
import { checkMysql } from "@tessera/service-kit/mysql";
import { served, serveRpc } from "@tessera/service-kit/serve-rpc";
import { ServiceError } from "@tessera/service-kit/service-error";
import { type TestSchema, useMysql } from "@tessera/testkit/mysql";
import { expect } from "chai";
import { Registry } from "prom-client";
import type { DataSource } from "typeorm";
import type { Ledger } from "../src/app/ledger.ts";
import type { LedgerMetrics } from "../src/app/ledger-metrics.ts";
import { inventoryService } from "../src/grpc/inventory-service.ts";
import { ledgerMetrics } from "../src/metrics.ts";
import { MysqlEventStore } from "../src/mysql/mysql-event-store.ts";
import { MysqlLedger } from "../src/mysql/mysql-ledger.ts";
import { SCHEMA } from "../src/mysql/schema.ts";

/** Says what went wrong inside; each logger listens for the process's end, so there is one. */
const logger = createLogger({ service: "inventory-test", level: "error" });

/** A typed client of the service. */
export type InventoryClient = Client<typeof InventoryService>;

/** The service on real ports over a real schema, and a client of it. */
export interface TestInventory {
  schema: TestSchema;
  client: InventoryClient;
  ledger: MysqlLedger;
  metrics: LedgerMetrics;
  registry: Registry;
  grpcPort: number;
  httpPort: number;
}

/** No test of what is foreseen meets a bug. */
export function onEventFailure(reason: unknown): void {
  if (!(reason instanceof ServiceError)) {
    throw reason;
  }
}

/** Serves the inventory for a test file, without its background jobs. Call it in `describe`. */
export function useInventory(): TestInventory {
  const schema = useMysql(SCHEMA);
  const opened = { schema } as TestInventory;
  const lifecycle = new Lifecycle();
  before(async () => {
    Object.assign(opened, await serveInventory(schema.source, lifecycle));
  });
  after(() => lifecycle.close());
  return opened;
}

/** The ledger, but for what a test wants to differ. */
export function differing({ schema }: TestInventory, part: Partial<Ledger>): Ledger {
  return Object.assign(new MysqlLedger(schema.source), part);
}

/** Serves the inventory from a schema, without its background jobs. */
export async function serveInventory(
  source: DataSource,
  lifecycle: Lifecycle,
): Promise<Omit<TestInventory, "schema">> {
  const registry = new Registry();
  const metrics = ledgerMetrics(registry);
  const ledger = new MysqlLedger(source);
  const events = new MysqlEventStore(source);
  const ports = await serveRpc({
    services: [
      served(InventoryService, inventoryService({ events, ledger, metrics, onEventFailure })),
    ],
    domain: "inventory.tessera",
    grpcPort: 0,
    httpPort: 0,
    logger,
    registry,
    lifecycle,
    checkReady: () => checkMysql(source),
    drainMs: 0,
    graceMs: 1_000,
  });
  const client = clientOf(ports.grpcPort, lifecycle);
  return { client, ledger, metrics, registry, ...ports };
}

/** A client of the service on a port. */
export function clientOf(port: number, lifecycle: Lifecycle): InventoryClient {
  const transport = new GrpcTransport({ address: `localhost:${port}`, defaultTimeoutMs: 10_000 });
  lifecycle.onClose("client", () => transport.close());
  return createClient(InventoryService, transport);
}

/** An event that is on sale now, with ticket types of these capacities; type n costs n + 1 EUR. */
export function eventOf(
  capacities: readonly number[],
  event: Partial<EventInit> = {},
): EventInit & { organiserId: string } {
  return {
    name: "Concert",
    venue: "Hall",
    startTime: timestampFromMs(Date.now() + 864e5),
    salesOpenTime: timestampFromMs(Date.now() - 60_000),
    salesCloseTime: timestampFromMs(Date.now() + 36e5),
    organiserId: randomUUID(),
    ticketTypes: capacities.map((capacity, index) => ({
      name: `Type ${index}`,
      price: { amountMinor: BigInt(100 * (index + 1)), currencyCode: "EUR" },
      capacity,
    })),
    ...event,
  };
}

type EventInit = Exclude<MessageInitShape<typeof EventSchema>, { $typeName: string }>;

/** An event that was created; its ticket types are numbered as in `eventOf`. */
export interface CreatedEvent {
  eventId: string;
  types: string[];
  /** A new buyer's wish; items are [ticket type, quantity]. */
  wish: (...items: [number, number][]) => WishInit;
  /** The same for a buyer who is known. */
  wishOf: (userId: string, ...items: [number, number][]) => WishInit;
}

type WishInit = Exclude<MessageInitShape<typeof AllocateEntrySchema>, { $typeName: string }> & {
  allocationId: string;
};

/** Creates an event. */
export async function createEvent(
  client: InventoryClient,
  ...args: Parameters<typeof eventOf>
): Promise<CreatedEvent> {
  const { event } = await client.createEvent({ requestId: randomUUID(), event: eventOf(...args) });
  const types = event?.ticketTypes.map(({ id }) => id) ?? [];
  const wishOf: CreatedEvent["wishOf"] = (userId, ...items) => ({
    allocationId: randomUUID(),
    userId,
    items: items.map(([type, quantity]) => ({ ticketTypeId: types[type] ?? "", quantity })),
  });
  const wish: CreatedEvent["wish"] = (...items) => wishOf(randomUUID(), ...items);
  return { eventId: event?.id ?? "", types, wish, wishOf };
}

/** Each result in a word: `granted`, `replayed`, `committed`, `reacquired`, or the reason. */
export function words(results: readonly (AllocateResult | CommitResult)[]): string[] {
  return results.map(({ outcome }) => {
    if (outcome.case === "error") {
      return outcome.value.reason;
    }
    if (outcome.value === undefined) {
      return "nothing";
    }
    if ("replayed" in outcome.value) {
      return outcome.value.replayed ? "replayed" : "granted";
    }
    return outcome.value.reacquired ? "reacquired" : "committed";
  });
}

/** What is left, as [available, held, sold] of each ticket type. */
export async function stockOf(client: InventoryClient, eventId: string): Promise<number[][]> {
  const { ticketTypes } = await client.getAvailability({ eventId });
  return ticketTypes.map(({ available, held, sold }) => [available, held, sold]);
}

/** Checks that an event's counters say what its allocations say. */
export async function expectExact({ ledger }: TestInventory, eventId: string): Promise<void> {
  expect(await ledger.audit(eventId)).to.include({ oversoldUnits: 0, driftUnits: 0 });
}
