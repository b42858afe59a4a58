import {
  type Event,
  WaitingRoom_OnStoreLoss,
  type WaitingRoom as WaitingRoomMessage,
} from "@tessera/proto/inventory/v1/event_pb";
import { invalidField } from "@tessera/service-kit/service-error";
import type { WaitingRoom } from "../domain/event.ts";
import { parseTime } from "./parse-fields.ts";

/*
 * How what may be changed is read of a message, by its name in an update mask. Each throws
 * INVALID_FIELD for what cannot be read; the domain checks the rest.
 */

/** Fields of an event. */
export const EVENT_FIELDS = {
  name: ({ name }: Event) => ({ name }),
  venue: ({ venue }: Event) => ({ venue }),
  start_time: ({ startTime }: Event) => ({ startTime: parseTime("event.start_time", startTime) }),
  sales_open_time: ({ salesOpenTime }: Event) => ({
    salesOpenTime: parseTime("event.sales_open_time", salesOpenTime),
  }),
  sales_close_time: ({ salesCloseTime }: Event) => ({
    salesCloseTime: parseTime("event.sales_close_time", salesCloseTime),
  }),
  hold_seconds: ({ holdSeconds }: Event) => ({ holdSeconds }),
  max_per_user: ({ maxPerUser }: Event) => ({ maxPerUser }),
} as const;

/** Fields of its waiting room. */
export const ROOM_FIELDS = {
  admit_per_minute: ({ admitPerMinute }: WaitingRoomMessage) => ({ admitPerMinute }),
  max_active: ({ maxActive }: WaitingRoomMessage) => ({ maxActive }),
  pass_seconds: ({ passSeconds }: WaitingRoomMessage) => ({ passSeconds }),
  on_store_loss: ({ onStoreLoss }: WaitingRoomMessage) => ({
    onStoreLoss: parseOnStoreLoss(onStoreLoss),
  }),
} as const;

function parseOnStoreLoss(value: WaitingRoom_OnStoreLoss): WaitingRoom["onStoreLoss"] {
  switch (value) {
    case WaitingRoom_OnStoreLoss.OPEN:
      return "open";
    case WaitingRoom_OnStoreLoss.CLOSED:
      return "closed";
    default:
      throw invalidField("event.waiting_room.on_store_loss", "is not one of the known values");
  }
}
