import type { ReservationItem } from "@tessera/proto/reservation/v1/reservation_pb";
import type {
  ConfirmReservationEntry,
  CreateReservationEntry,
} from "@tessera/proto/reservation/v1/reservation_service_pb";
import { invalidField } from "@tessera/service-kit/service-error";
import { isUuid } from "@tessera/service-kit/uuid";
import type { ConfirmRequest } from "../app/confirm-reservation.ts";
import type { CreateWish } from "../app/create-reservation.ts";
import type { Visitor } from "../app/waiting-rooms.ts";
import { type Item, mergeItems } from "../domain/reservation.ts";

const ITEMS_MAX = 20;
const QUANTITY_MAX = 100;
const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** Entries that a batch has at most. */
export const ENTRIES_MAX = 500;
/** Pages that a batch has at most: full ones, of the largest reservations, must fit into a message. */
export const PAGES_MAX = 20;

/** Reads one wish to reserve. Throws INVALID_FIELD, which names the field. */
export function parseCreate(entry: CreateReservationEntry): CreateWish {
  return {
    requestId: printable("request_id", entry.requestId),
    userId: uuid("user_id", entry.userId),
    eventId: uuid("event_id", entry.eventId),
    items: parseItems(entry.items),
    admissionPass: entry.admissionPass,
  };
}

/** Reads one wish to confirm. Throws INVALID_FIELD, which names the field. */
export function parseConfirm(entry: ConfirmReservationEntry): ConfirmRequest {
  return {
    requestId: printable("request_id", entry.requestId),
    userId: uuid("user_id", entry.userId),
    reservationId: uuid("reservation_id", entry.reservationId),
    paymentReference: printable("payment_reference", entry.paymentReference),
  };
}

/** Reads a request that changes one reservation of `userId`. Throws INVALID_FIELD. */
export function parseChange(
  userId: string,
  request: { requestId: string; reservationId: string },
): { userId: string; requestId: string; reservationId: string } {
  return {
    userId,
    requestId: printable("request_id", request.requestId),
    reservationId: uuid("reservation_id", request.reservationId),
  };
}

/** Reads who is meant at which event. Throws INVALID_FIELD, which names the field. */
export function parseVisitor(entry: { userId: string; eventId: string }): Visitor {
  return { userId: uuid("user_id", entry.userId), eventId: uuid("event_id", entry.eventId) };
}

/** A UUID in its lower-case form. Throws INVALID_FIELD. */
export function uuid(field: string, text: string): string {
  if (!isUuid(text)) {
    throw invalidField(field, "must be a UUID in lower case");
  }
  return text;
}

/** How many entries a batch has. Throws INVALID_FIELD. */
export function checkBatch(entries: readonly unknown[], most = ENTRIES_MAX): void {
  if (entries.length < 1 || entries.length > most) {
    throw invalidField("entries", `must have 1 to ${most} entries`);
  }
}

function printable(field: string, text: string): string {
  if (!PRINTABLE.test(text)) {
    throw invalidField(field, "must be 1 to 255 printable ASCII characters");
  }
  return text;
}

function parseItems(items: readonly ReservationItem[]): Item[] {
  if (items.length < 1 || items.length > ITEMS_MAX) {
    throw invalidField("items", `must have 1 to ${ITEMS_MAX} items`);
  }
  for (const [index, { ticketTypeId, quantity }] of items.entries()) {
    uuid(`items[${index}].ticket_type_id`, ticketTypeId);
    if (quantity < 1 || quantity > QUANTITY_MAX) {
      throw invalidField(`items[${index}].quantity`, `must be from 1 to ${QUANTITY_MAX}`);
    }
  }
  const merged = mergeItems(items);
  for (const { ticketTypeId, quantity } of merged) {
    if (quantity > QUANTITY_MAX) {
      const index = items.findIndex((item) => item.ticketTypeId === ticketTypeId);
      throw invalidField(
        `items[${index}].quantity`,
        `must be at most ${QUANTITY_MAX}, summed over the ticket type's items`,
      );
    }
  }
  return merged;
}
