import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type EventSchema,
  WaitingRoom_OnStoreLoss,
  type WaitingRoomSchema,
} from "@tessera/proto/inventory/v1/event_pb";
import type { ObjectReader } from "../http/object-reader.ts";
import { NAME } from "./patterns.ts";

/** Reads a property that is there, as the message has it. */
type Read<Schema extends typeof EventSchema | typeof WaitingRoomSchema> = (
  reader: ObjectReader,
) => MessageInitShape<Schema>;

const TEXT = { min: 1, max: 200, pattern: NAME };
const MANY = { min: 1, max: 1_000_000 };

/** How properties of an event are read, when it is made and when it is changed: all that may be changed but its room. */
export const EVENT_FIELDS = {
  name: (reader) => ({ name: reader.text("name", TEXT) }),
  venue: (reader) => ({ venue: reader.text("venue", TEXT) }),
  startsAt: (reader) => ({ startTime: timestampFromDate(reader.time("startsAt")) }),
  salesOpenAt: (reader) => ({ salesOpenTime: timestampFromDate(reader.time("salesOpenAt")) }),
  salesCloseAt: (reader) => ({ salesCloseTime: timestampFromDate(reader.time("salesCloseAt")) }),
  holdSeconds: (reader) => ({ holdSeconds: reader.integer("holdSeconds", { min: 1, max: 7_200 }) }),
  maxPerUser: (reader) => ({ maxPerUser: reader.integer("maxPerUser", { min: 1, max: 1_000 }) }),
} satisfies Record<string, Read<typeof EventSchema>>;

/** The same of its waiting room. */
export const ROOM_FIELDS = {
  // A room may be paused, but does not begin so.
  admitPerMinute: (reader, min = 0) => ({
    admitPerMinute: reader.integer("admitPerMinute", { ...MANY, min }),
  }),
  maxActive: (reader) => ({ maxActive: reader.integer("maxActive", MANY) }),
  passSeconds: (reader) => ({
    passSeconds: reader.integer("passSeconds", { min: 10, max: 3_600 }),
  }),
  onStoreLoss: (reader) => {
    const isOpen = reader.oneOf("onStoreLoss", ["closed", "open"]) === "open";
    return { onStoreLoss: isOpen ? WaitingRoom_OnStoreLoss.OPEN : WaitingRoom_OnStoreLoss.CLOSED };
  },
} satisfies Record<string, Read<typeof WaitingRoomSchema>>;
