import { uuidOf, uuidToBytes } from "@tessera/service-kit/uuid";
import type { EventDraft } from "../domain/event.ts";

/** A new event's columns, but for its creation time. */
export function eventColumns(id: string, draft: EventDraft, requestHash: string) {
  const { waitingRoom } = draft;
  return {
    id: uuidToBytes(id),
    organiser_id: uuidToBytes(draft.organiserId),
    request_hash: uuidToBytes(requestHash),
    name: draft.name,
    venue: draft.venue,
    start_time: draft.startTime,
    sales_open_time: draft.salesOpenTime,
    sales_close_time: draft.salesCloseTime,
    hold_seconds: draft.holdSeconds,
    max_per_user: draft.maxPerUser,
    currency: draft.ticketTypes[0]?.currency,
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
