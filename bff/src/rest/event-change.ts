import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { EventSchema, WaitingRoomSchema } from "@tessera/proto/inventory/v1/event_pb";
import { invalid } from "../http/invalid-request.ts";
import { ObjectReader } from "../http/object-reader.ts";
import { EVENT_FIELDS, ROOM_FIELDS } from "./event-fields.ts";

/** What shall be otherwise of an event. */
export interface EventChange {
  event: Exclude<MessageInitShape<typeof EventSchema>, { $typeName: string }>;
  /** What of it is meant. */
  paths: string[];
}

const NAMES = [...Object.keys(EVENT_FIELDS), "waitingRoom"];
const ROOM_NAMES = Object.keys(ROOM_FIELDS);

/** Reads a change of an event: what is not named stays. Throws MALFORMED_BODY or INVALID_FIELD. */
export function parseEventChange(body: unknown): EventChange {
  const reader = ObjectReader.ofBody(body, NAMES);
  const event: EventChange["event"] = {};
  const paths = readInto(event, reader, EVENT_FIELDS, EventSchema);
  if (reader.has("waitingRoom")) {
    const waitingRoom: MessageInitShape<typeof WaitingRoomSchema> = {};
    const room = reader.object("waitingRoom", ROOM_NAMES);
    const roomPaths = readInto(waitingRoom, room, ROOM_FIELDS, WaitingRoomSchema);
    reader.finish();
    checkNamed("waitingRoom", roomPaths, ROOM_NAMES);
    event.waitingRoom = waitingRoom;
    paths.push(...roomPaths.map((path) => `waiting_room.${path}`));
  }
  reader.finish();
  checkNamed("body", paths, NAMES);
  return { event, paths };
}

/** Reads those fields that are there; returns their names in the message. */
function readInto(
  message: object,
  reader: ObjectReader,
  fields: Readonly<Record<string, (reader: ObjectReader) => object>>,
  { field }: DescMessage,
): string[] {
  return Object.entries(fields).flatMap(([name, read]) => {
    const part = reader.has(name) ? read(reader) : {};
    Object.assign(message, part);
    return Object.keys(part).map((key) => field[key]?.name ?? key);
  });
}

function checkNamed(field: string, paths: readonly string[], names: readonly string[]): void {
  if (paths.length === 0) {
    throw invalid(field, `must have at least one of ${names.join(", ")}`);
  }
}
