import type { UpdateTicketTypeRequest } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { invalidField } from "@tessera/service-kit/service-error";
import type { TicketTypeUpdate } from "../app/update-ticket-type.ts";
import { MAX_CAPACITY } from "../domain/event.ts";
import { parseRequestId, parseUuid } from "./parse-fields.ts";

/** Reads an UpdateTicketTypeRequest, or throws INVALID_FIELD. */
export function parseUpdateTicketType(request: UpdateTicketTypeRequest): TicketTypeUpdate {
  const { ticketType, updateMask } = request;
  const requestId = parseRequestId(request.requestId);
  const organiserId = parseUuid("organiser_id", request.organiserId);
  const eventId = parseUuid("event_id", request.eventId);
  if (ticketType === undefined) {
    throw invalidField("ticket_type", "is required");
  }
  if (updateMask?.paths.some((path) => path !== "capacity")) {
    throw invalidField("update_mask", "must name capacity, and nothing else");
  }
  const ticketTypeId = parseUuid("ticket_type.id", ticketType.id);
  const { capacity } = ticketType;
  // None is no capacity: a caller that left the field out must not close a sale.
  if (capacity < 1 || capacity > MAX_CAPACITY) {
    throw invalidField("ticket_type.capacity", `must be from 1 to ${MAX_CAPACITY}`);
  }
  return { requestId, organiserId, eventId, ticketTypeId, capacity };
}
