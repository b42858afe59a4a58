import { uuidOf, uuidToBytes } from "@tessera/service-kit/uuid";
import type { EventDraft, EventTerms } from "../domain/event.ts";

/** A new event's columns, but for its creation time. */
export function eventColumns(id: string, draft: EventDraft, requestHash: string) {
  return {
    id: uuidToBytes(id),
    organiser_id: uuidToBytes(draft.organiserId),
    request_hash: uuidToBytes(requestHash),
    currency: draft.ticketTypes[0]?.currency,
    ...termColumns(draft),
  };
}

/** The columns of what may be changed. */
export function termColumns({ waitingRoom, ...terms }: EventTerms) {
  return {
    name: terms.name,
    venue: terms.venue,
    start_time: terms.startTime,
    sales_open_time: terms.salesOpenTime,
    sales_close_time: terms.salesCloseTime,
    hold_seconds: terms.holdSeconds,
    max_per_user: terms.maxPerUser,
    admit_per_minute: waitingRoom?.admitPerMinute ?? null,
    max_active: waitingRoom?.maxActive ?? null,
    pass_seconds: waitingRoom?.passSeconds ?? null,
    is_open_on_store_loss: waitingRoom === undefined ? null : waitingRoom.onStoreLoss === "open",
  };
}

/** The stock rows of a new event: all of it is available. Ids follow from the event's. */
export function stockColumns(eventId: string, { ticketTypes }: EventDraft) {
  return ticketTypes.map(({ name, priceMinor, capacity }, position) => [
    uuidToBytes(eventId),
    position,
    uuidToBytes(uuidOf("TicketType", eventId, String(position))),
    name,
    priceMinor,
    capacity,
    capacity,
  ]);
}
