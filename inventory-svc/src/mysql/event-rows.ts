import { uuidOf, uuidToBytes } from "@tessera/service-kit/uuid";
import type { Event, EventDraft, WaitingRoom } from "../domain/event.ts";
import type { EventRow, StockRow } from "./event-table.ts";

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

/** An event from its row and its stock rows, which must be in order. */
export function toEvent(
  row: Omit<EventRow, "seq" | "requestHash">,
  stock: readonly Pick<StockRow, "id" | "name" | "priceMinor" | "capacity">[],
): Event {
  const { id, organiserId, name, venue, currency, holdSeconds, maxPerUser } = row;
  const { startTime, salesOpenTime, salesCloseTime, createTime } = row;
  return {
    ...{ id, organiserId, name, venue, currency, holdSeconds, maxPerUser },
    ...{ startTime, salesOpenTime, salesCloseTime, createTime },
    waitingRoom: waitingRoomOf(row),
    ticketTypes: stock.map((type) => ({
      id: type.id,
      name: type.name,
      priceMinor: type.priceMinor,
      capacity: type.capacity,
    })),
  };
}

function waitingRoomOf(row: Omit<EventRow, "seq" | "requestHash">): WaitingRoom | undefined {
  const { admitPerMinute, maxActive, passSeconds, isOpenOnStoreLoss } = row;
  return admitPerMinute === null || maxActive === null || passSeconds === null
    ? undefined
    : {
        admitPerMinute,
        maxActive,
        passSeconds,
        onStoreLoss: isOpenOnStoreLoss === 1 ? "open" : "closed",
      };
}
