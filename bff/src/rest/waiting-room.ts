import { durationMs, timestampNow } from "@bufbuild/protobuf/wkt";
import {
  type Draw,
  type Place,
  Place_State,
  Place_StockHint,
} from "@tessera/proto/reservation/v1/waiting_room_pb";
import type {
  JoinWaitingRoomResult,
  PollPlaceResult,
} from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { restTime } from "./timestamps.ts";

const STATES: Readonly<Record<Place_State, string>> = {
  [Place_State.UNSPECIFIED]: "UNSPECIFIED",
  [Place_State.WAITING]: "WAITING",
  [Place_State.ADMITTED]: "ADMITTED",
  [Place_State.GONE]: "GONE",
  [Place_State.EXPIRED]: "EXPIRED",
};

const STOCK_HINTS: Readonly<Record<Place_StockHint, string>> = {
  [Place_StockHint.UNSPECIFIED]: "UNSPECIFIED",
  [Place_StockHint.PLENTY]: "PLENTY",
  [Place_StockHint.LOW]: "LOW",
  [Place_StockHint.GONE]: "GONE",
};

/** How the draw's order is made; whoever has the seed can check it. */
const DRAW_RULE =
  "A person's draw number is the first 48 bits, as an unsigned big-endian number, of HMAC-SHA-256 " +
  "with the seed's 32 bytes as the key and the lower-case text of the user's id as the message. " +
  "Small numbers come first. The commitment is the SHA-256 of the seed's 32 bytes. " +
  "Who joins after the draw stands behind those who were drawn, first come, first served.";

/** What a batch granted. A missing one is the service's bug. */
export function placeOf({ outcome }: JoinWaitingRoomResult | PollPlaceResult): Place {
  if (outcome.case !== "place") {
    throw new Error("reservation-svc left out the place");
  }
  return outcome.value;
}

/** A place as REST writes it: null is what there is not, or not yet. */
export function restPlace(place: Place) {
  const { state, position, estimatedWait, pollAfter, admissionPass, passExpireTime } = place;
  const isPlaced = state === Place_State.WAITING && position > 0;
  return {
    eventId: place.eventId,
    state: STATES[state],
    position: isPlaced ? position : null,
    ahead: isPlaced ? place.ahead : null,
    estimatedWaitSeconds: estimatedWait === undefined ? null : Number(estimatedWait.seconds),
    stockHint: STOCK_HINTS[place.stockHint],
    // Null when there is nothing to wait for.
    pollAfterMs: pollAfter === undefined ? null : durationMs(pollAfter),
    ...(admissionPass === ""
      ? {}
      : {
          pass: admissionPass,
          passExpiresAt: restTime(passExpireTime),
          // Of a replica that does not say it yet, our own.
          serverTime: restTime(place.serverTime ?? timestampNow()),
        }),
    ...(place.storeLost ? { storeLost: true } : {}),
  };
}

/** A draw as REST writes it. A missing one is the service's bug. */
export function restDraw(draw: Draw | undefined) {
  if (draw === undefined) {
    throw new Error("reservation-svc left out the draw");
  }
  const { eventId, commitment, seed, drawTime, entrants } = draw;
  return {
    eventId,
    commitment,
    seed: seed === "" ? null : seed,
    drawTime: restTime(drawTime),
    entrants,
    rule: DRAW_RULE,
  };
}
