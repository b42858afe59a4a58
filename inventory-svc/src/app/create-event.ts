import { uuidOf } from "@tessera/service-kit/uuid";
import { asError, requestIdReused } from "../domain/errors.ts";
import { type Event, type EventDraft, validEvent } from "../domain/event.ts";
import type { EventStore } from "./event-store.ts";

/**
 * Creates an event; the same request id of the same organiser creates it once.
 *
 * The event's id follows from the two, so that the store's unique key is the whole of the
 * idempotency. Throws INVALID_FIELD and IDEMPOTENCY_KEY_REUSED.
 */
export async function createEvent(
  store: EventStore,
  requestId: string,
  draft: EventDraft,
): Promise<{ event: Event; replayed: boolean }> {
  const valid = validEvent(draft);
  const id = uuidOf("CreateEvent", valid.organiserId, requestId);
  const requestHash = uuidOf(JSON.stringify(valid));
  const stored = await store.insertOnce(id, valid, requestHash);
  if (stored.requestHash !== requestHash) {
    throw asError(requestIdReused(requestId));
  }
  return { event: stored.event, replayed: !stored.isNew };
}
