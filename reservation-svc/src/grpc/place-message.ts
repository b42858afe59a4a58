import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type DrawSchema,
  Place_State,
  Place_StockHint,
  type PlaceSchema,
} from "@tessera/proto/reservation/v1/waiting_room_pb";
import type { Draw, Place } from "../app/waiting-rooms.ts";

const HINT_MESSAGES: Readonly<Record<Place["hint"], Place_StockHint>> = {
  plenty: Place_StockHint.PLENTY,
  low: Place_StockHint.LOW,
  gone: Place_StockHint.GONE,
};

/** A place as the contract has it. */
export function placeMessage(place: Place): MessageInitShape<typeof PlaceSchema> {
  const { eventId, userId, standing, hint, pass } = place;
  const common = { eventId, userId, stockHint: HINT_MESSAGES[hint] };
  switch (standing.state) {
    case "waiting": {
      const { position, waitMs, pollAfterMs } = standing;
      return {
        ...common,
        state: Place_State.WAITING,
        position,
        ahead: Math.max(0, position - 1),
        ...(waitMs === undefined
          ? {}
          : { estimatedWait: durationFromMs(1000 * Math.round(waitMs / 1000)) }),
        pollAfter: durationFromMs(pollAfterMs),
      };
    }
    case "admitted":
      return {
        ...common,
        state: Place_State.ADMITTED,
        admissionPass: pass ?? "",
        passExpireTime: timestampFromDate(standing.passExpireTime),
        serverTime: timestampFromDate(standing.now),
      };
    case "lost":
      return { ...common, state: Place_State.ADMITTED, storeLost: true };
    case "gone":
      return { ...common, state: Place_State.GONE };
    case "expired":
      return { ...common, state: Place_State.EXPIRED };
  }
}

/** A draw as the contract has it. */
export function drawMessage(eventId: string, draw: Draw): MessageInitShape<typeof DrawSchema> {
  return { ...draw, eventId, drawTime: timestampFromDate(draw.drawTime) };
}
