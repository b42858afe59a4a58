import {
  WaitingRoom_OnStoreLoss,
  type WaitingRoom as WaitingRoomMessage,
} from "@tessera/proto/inventory/v1/event_pb";
import type { CreateEventRequest } from "@tessera/proto/inventory/v1/inventory_service_pb";
import type { TicketType } from "@tessera/proto/inventory/v1/ticket_type_pb";
import { invalidField } from "@tessera/service-kit/service-error";
import type { EventDraft, TicketTypeDraft, WaitingRoom } from "../domain/event.ts";
import { EVENT_FIELDS, ROOM_FIELDS } from "./parse-event-fields.ts";
import { parseRequestId, parseUuid } from "./parse-fields.ts";

/** What a new event's optional numbers are when they are not set. */
const DEFAULTS = { holdSeconds: 600, maxPerUser: 8 };

/** Reads a CreateEventRequest, or throws INVALID_FIELD; the domain checks the event's own rules. */
export function parseCreateEvent({ requestId, event }: CreateEventRequest): {
  requestId: string;
  draft: EventDraft;
} {
  parseRequestId(requestId);
  if (event === undefined) {
    throw invalidField("event", "is required");
  }
  const draft = {
    organiserId: parseUuid("event.organiser_id", event.organiserId),
    ...EVENT_FIELDS.name(event),
    ...EVENT_FIELDS.venue(event),
    ...EVENT_FIELDS.start_time(event),
    ...EVENT_FIELDS.sales_open_time(event),
    ...EVENT_FIELDS.sales_close_time(event),
    holdSeconds: event.holdSeconds === 0 ? DEFAULTS.holdSeconds : event.holdSeconds,
    maxPerUser: event.maxPerUser === 0 ? DEFAULTS.maxPerUser : event.maxPerUser,
    waitingRoom: event.waitingRoom === undefined ? undefined : parseWaitingRoom(event.waitingRoom),
    ticketTypes: event.ticketTypes.map(parseTicketType),
  };
  return { requestId, draft };
}

function parseTicketType({ name, price, capacity }: TicketType, index: number): TicketTypeDraft {
  if (price === undefined) {
    throw invalidField(`event.ticket_types[${index}].price`, "is required");
  }
  const { amountMinor, currencyCode } = price;
  return { name, priceMinor: Number(amountMinor), currency: currencyCode, capacity };
}

function parseWaitingRoom(message: WaitingRoomMessage): WaitingRoom {
  const onStoreLoss = message.onStoreLoss || WaitingRoom_OnStoreLoss.CLOSED;
  return {
    ...ROOM_FIELDS.admit_per_minute(message),
    ...ROOM_FIELDS.max_active(message),
    ...ROOM_FIELDS.pass_seconds(message),
    ...ROOM_FIELDS.on_store_loss({ ...message, onStoreLoss }),
  };
}
