import { randomUUID } from "node:crypto";
import type { CallOptions, Client } from "@connectrpc/connect";
import { type WaitingRoom, WaitingRoom_OnStoreLoss } from "@tessera/proto/inventory/v1/event_pb";
import type { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import type { SaleSource } from "../app/sales.ts";
import type { RoomRules, Sale, Stock } from "../domain/waiting-room.ts";
import { asServiceErrors, dateOf } from "./from-inventory.ts";

/**
 * How long an answer is waited for: longer than inventory-svc's own read may take, and not until
 * the deadline of whoever is told what was known last.
 */
const TIMEOUT_MS = 1_200;

/** Events as inventory-svc serves them. Its refusals arrive as the ServiceErrors they were. */
export class InventorySales implements SaleSource {
  readonly #client: Client<typeof InventoryService>;

  constructor(client: Client<typeof InventoryService>) {
    this.#client = client;
  }

  async saleOf(eventId: string): Promise<Sale> {
    const { event } = await asServiceErrors(this.#client.getEvent({ eventId }, newCall()));
    return {
      eventId,
      openTime: dateOf(event?.salesOpenTime),
      closeTime: dateOf(event?.salesCloseTime),
      rules: event?.waitingRoom === undefined ? undefined : toRules(event.waitingRoom),
    };
  }

  async stockOf(eventId: string): Promise<Stock> {
    const { ticketTypes } = await asServiceErrors(
      this.#client.getAvailability({ eventId }, newCall()),
    );
    const stock = { capacity: 0, available: 0, held: 0 };
    for (const { capacity, available, held } of ticketTypes) {
      stock.capacity += capacity;
      stock.available += available;
      stock.held += held;
    }
    return stock;
  }
}

function newCall(): CallOptions {
  return { timeoutMs: TIMEOUT_MS, headers: { "x-request-id": randomUUID() } };
}

function toRules({ admitPerMinute, maxActive, passSeconds, onStoreLoss }: WaitingRoom): RoomRules {
  const isOpen = onStoreLoss === WaitingRoom_OnStoreLoss.OPEN;
  return { admitPerMinute, maxActive, passSeconds, onStoreLoss: isOpen ? "open" : "closed" };
}
