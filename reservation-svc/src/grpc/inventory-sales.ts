import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { type Client, ConnectError } from "@connectrpc/connect";
import { type WaitingRoom, WaitingRoom_OnStoreLoss } from "@tessera/proto/inventory/v1/event_pb";
import type { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { toServiceError } from "@tessera/service-kit/connect-error";
import type { SaleSource } from "../app/sales.ts";
import type { RoomRules, Sale, Stock } from "../domain/waiting-room.ts";

/** Events as inventory-svc serves them. Its refusals arrive as the ServiceErrors they were. */
export class InventorySales implements SaleSource {
  readonly #client: Client<typeof InventoryService>;

  constructor(client: Client<typeof InventoryService>) {
    this.#client = client;
  }

  async saleOf(eventId: string): Promise<Sale> {
    const { event } = await told(this.#client.getEvent({ eventId }));
    return {
      eventId,
      openTime: dateOf(event?.salesOpenTime),
      closeTime: dateOf(event?.salesCloseTime),
      rules: event?.waitingRoom === undefined ? undefined : toRules(event.waitingRoom),
    };
  }

  async stockOf(eventId: string): Promise<Stock> {
    const { ticketTypes } = await told(this.#client.getAvailability({ eventId }));
    const stock = { capacity: 0, available: 0, held: 0 };
    for (const { capacity, available, held } of ticketTypes) {
      stock.capacity += capacity;
      stock.available += available;
      stock.held += held;
    }
    return stock;
  }
}

function toRules({ admitPerMinute, maxActive, passSeconds, onStoreLoss }: WaitingRoom): RoomRules {
  const isOpen = onStoreLoss === WaitingRoom_OnStoreLoss.OPEN;
  return { admitPerMinute, maxActive, passSeconds, onStoreLoss: isOpen ? "open" : "closed" };
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (reason) {
    throw reason instanceof ConnectError ? toServiceError(reason) : reason;
  }
}

function dateOf(timestamp: Timestamp | undefined): Date {
  if (timestamp === undefined) {
    throw new Error("inventory-svc left out a time");
  }
  return timestampDate(timestamp);
}
