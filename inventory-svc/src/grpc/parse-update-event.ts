import { create } from "@bufbuild/protobuf";
import { type Event, WaitingRoomSchema } from "@tessera/proto/inventory/v1/event_pb";
import type { UpdateEventRequest } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { invalidField } from "@tessera/service-kit/service-error";
import type { EventUpdate } from "../app/update-event.ts";
import type { EventPatch } from "../domain/event-change.ts";
import { EVENT_FIELDS, ROOM_FIELDS } from "./parse-event-fields.ts";
import { parseRequestId, parseUuid } from "./parse-fields.ts";

const ROOM = "waiting_room.";
const PATHS = [
  ...Object.keys(EVENT_FIELDS),
  ...Object.keys(ROOM_FIELDS).map((name) => ROOM + name),
];

/** Reads an UpdateEventRequest, or throws INVALID_FIELD; the domain checks what comes of it. */
export function parseUpdateEvent(request: UpdateEventRequest): EventUpdate {
  const { event, updateMask } = request;
  const requestId = parseRequestId(request.requestId);
  const organiserId = parseUuid("organiser_id", request.organiserId);
  if (event === undefined) {
    throw invalidField("event", "is required");
  }
  const eventId = parseUuid("event.id", event.id);
  const paths = new Set(updateMask?.paths);
  if (paths.size === 0 || ![...paths].every((path) => PATHS.includes(path))) {
    throw invalidField(
      "update_mask",
      `must name at least one of ${PATHS.join(", ")}, and nothing else`,
    );
  }
  return { requestId, organiserId, eventId, patch: patchOf(event, paths) };
}

/** In the order of the fields, whatever the mask's: the same request is the same patch. */
function patchOf(event: Event, paths: ReadonlySet<string>): EventPatch {
  const patch: EventPatch = {};
  for (const [name, read] of Object.entries(EVENT_FIELDS)) {
    if (paths.has(name)) {
      Object.assign(patch, read(event));
    }
  }
  const room = event.waitingRoom ?? create(WaitingRoomSchema);
  for (const [name, read] of Object.entries(ROOM_FIELDS)) {
    if (paths.has(ROOM + name)) {
      patch.waitingRoom = { ...patch.waitingRoom, ...read(room) };
    }
  }
  return patch;
}
