import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type Event,
  type EventSchema,
  WaitingRoom_OnStoreLoss,
} from "@tessera/proto/inventory/v1/event_pb";
import type {
  GetAvailabilityResponse,
  UpdateTicketTypeResponse,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import type {
  TicketType,
  TicketTypeAvailability,
} from "@tessera/proto/inventory/v1/ticket_type_pb";
import { ObjectReader, type TextPattern } from "../http/object-reader.ts";
import { EVENT_FIELDS, ROOM_FIELDS } from "./event-fields.ts";
import { restMoney } from "./money.ts";
import { NAME } from "./patterns.ts";
import { restTime } from "./timestamps.ts";

const EVENT = [...Object.keys(EVENT_FIELDS), "waitingRoom", "ticketTypes"];
const WAITING_ROOM = Object.keys(ROOM_FIELDS);
const TICKET_TYPE = ["name", "price", "capacity"] as const;

/** Units of one ticket type, at most. */
const MAX_CAPACITY = 10_000_000;

const CURRENCY: TextPattern = {
  regexp: /^[A-Z]{3}$/,
  detail: "must be an ISO 4217 code such as EUR",
};

/** What an organiser wants to sell. Throws MALFORMED_BODY or INVALID_FIELD. */
export function parseEvent(
  body: unknown,
  organiserId: string,
): MessageInitShape<typeof EventSchema> {
  const reader = ObjectReader.ofBody(body, EVENT);
  const event = {
    organiserId,
    ...EVENT_FIELDS.name(reader),
    ...EVENT_FIELDS.venue(reader),
    ...EVENT_FIELDS.startsAt(reader),
    ...EVENT_FIELDS.salesOpenAt(reader),
    ...EVENT_FIELDS.salesCloseAt(reader),
    ...(reader.has("holdSeconds") ? EVENT_FIELDS.holdSeconds(reader) : {}),
    ...(reader.has("maxPerUser") ? EVENT_FIELDS.maxPerUser(reader) : {}),
    ...(reader.has("waitingRoom")
      ? { waitingRoom: waitingRoomOf(reader.object("waitingRoom", WAITING_ROOM)) }
      : {}),
    ticketTypes: reader.list("ticketTypes", { min: 1, max: 50, known: TICKET_TYPE }, ticketTypeOf),
  };
  reader.finish();
  return event;
}

function waitingRoomOf(reader: ObjectReader) {
  return {
    ...ROOM_FIELDS.admitPerMinute(reader, 1),
    ...ROOM_FIELDS.maxActive(reader),
    ...ROOM_FIELDS.passSeconds(reader),
    ...(reader.has("onStoreLoss")
      ? ROOM_FIELDS.onStoreLoss(reader)
      : { onStoreLoss: WaitingRoom_OnStoreLoss.CLOSED }),
  };
}

function ticketTypeOf(reader: ObjectReader) {
  const price = reader.object("price", ["amount", "currency"]);
  return {
    name: reader.text("name", { min: 1, max: 100, pattern: NAME }),
    price: {
      amountMinor: BigInt(price.integer("amount", { min: 0, max: 100_000_000 })),
      currencyCode: price.text("currency", { min: 3, max: 3, pattern: CURRENCY }),
    },
    capacity: reader.integer("capacity", { min: 0, max: MAX_CAPACITY }),
  };
}

/** How many units there shall be. Throws MALFORMED_BODY or INVALID_FIELD. */
export function parseCapacity(body: unknown): number {
  const reader = ObjectReader.ofBody(body, ["capacity"]);
  const capacity = reader.integer("capacity", { min: 1, max: MAX_CAPACITY });
  reader.finish();
  return capacity;
}

/** An event as REST writes it. A missing one is the service's bug. */
export function restEvent(event: Event | undefined) {
  if (event === undefined) {
    throw new Error("inventory-svc left out the event");
  }
  const { id, name, venue, holdSeconds, maxPerUser, waitingRoom, organiserId } = event;
  return {
    id,
    name,
    venue,
    startsAt: restTime(event.startTime),
    salesOpenAt: restTime(event.salesOpenTime),
    salesCloseAt: restTime(event.salesCloseTime),
    holdSeconds,
    maxPerUser,
    ...(waitingRoom === undefined ? {} : { waitingRoom: restWaitingRoom(waitingRoom) }),
    ticketTypes: event.ticketTypes.map(restTicketType),
    organiserId,
    createdAt: restTime(event.createTime),
  };
}

function restTicketType({ id, name, price, capacity }: TicketType) {
  return { id, name, price: restMoney(price), capacity };
}

/** A ticket type and what is left of it, as REST writes them. */
export function restUpdatedTicketType({ ticketType, availability }: UpdateTicketTypeResponse) {
  if (ticketType === undefined || availability === undefined) {
    throw new Error("inventory-svc left out the ticket type");
  }
  return { ...restTicketType(ticketType), ...restUnits(availability) };
}

function restUnits({ capacity, available, held, sold }: TicketTypeAvailability) {
  return { capacity, available, held, sold };
}

function restWaitingRoom(waitingRoom: NonNullable<Event["waitingRoom"]>) {
  const { admitPerMinute, maxActive, passSeconds, onStoreLoss } = waitingRoom;
  const isOpen = onStoreLoss === WaitingRoom_OnStoreLoss.OPEN;
  return { admitPerMinute, maxActive, passSeconds, onStoreLoss: isOpen ? "open" : "closed" };
}

/** What is left of an event, as REST writes it. */
export function restAvailability({ eventId, ticketTypes }: GetAvailabilityResponse) {
  return {
    eventId,
    ticketTypes: ticketTypes.map((one) => ({ id: one.ticketTypeId, ...restUnits(one) })),
  };
}
