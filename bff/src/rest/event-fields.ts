import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { WaitingRoom_OnStoreLoss } from "@tessera/proto/inventory/v1/event_pb";
import type { ObjectReader } from "../http/object-reader.ts";
import { NAME } from "./patterns.ts";

const TEXT = { min: 1, max: 200, pattern: NAME };
const MANY = { min: 1, max: 1_000_000 };

/*
 * How what an organiser says of an event is read, when it is made and when it is changed: each property
 * with the path that names it in an update mask.
 */

/** Properties of an event that may be changed, but for its waiting room. */
export const EVENT_FIELDS = {
  name: {
    path: "name",
    read: (reader: ObjectReader) => ({ name: reader.text("name", TEXT) }),
  },
  venue: {
    path: "venue",
    read: (reader: ObjectReader) => ({ venue: reader.text("venue", TEXT) }),
  },
  startsAt: {
    path: "start_time",
    read: (reader: ObjectReader) => ({ startTime: timestampFromDate(reader.time("startsAt")) }),
  },
  salesOpenAt: {
    path: "sales_open_time",
    read: (reader: ObjectReader) => ({
      salesOpenTime: timestampFromDate(reader.time("salesOpenAt")),
    }),
  },
  salesCloseAt: {
    path: "sales_close_time",
    read: (reader: ObjectReader) => ({
      salesCloseTime: timestampFromDate(reader.time("salesCloseAt")),
    }),
  },
  holdSeconds: {
    path: "hold_seconds",
    read: (reader: ObjectReader) => ({
      holdSeconds: reader.integer("holdSeconds", { min: 1, max: 7_200 }),
    }),
  },
  maxPerUser: {
    path: "max_per_user",
    read: (reader: ObjectReader) => ({
      maxPerUser: reader.integer("maxPerUser", { min: 1, max: 1_000 }),
    }),
  },
} as const;

/** Properties of a waiting room. */
export const ROOM_FIELDS = {
  admitPerMinute: {
    path: "waiting_room.admit_per_minute",
    // A room may be paused, but does not begin so.
    read: (reader: ObjectReader, { min }: { min: number } = { min: 0 }) => ({
      admitPerMinute: reader.integer("admitPerMinute", { ...MANY, min }),
    }),
  },
  maxActive: {
    path: "waiting_room.max_active",
    read: (reader: ObjectReader) => ({ maxActive: reader.integer("maxActive", MANY) }),
  },
  passSeconds: {
    path: "waiting_room.pass_seconds",
    read: (reader: ObjectReader) => ({
      passSeconds: reader.integer("passSeconds", { min: 10, max: 3_600 }),
    }),
  },
  onStoreLoss: {
    path: "waiting_room.on_store_loss",
    read: (reader: ObjectReader) => {
      const isOpen = reader.oneOf("onStoreLoss", ["closed", "open"]) === "open";
      return {
        onStoreLoss: isOpen ? WaitingRoom_OnStoreLoss.OPEN : WaitingRoom_OnStoreLoss.CLOSED,
      };
    },
  },
} as const;
