import { asError, eventNotFound } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import type { EventStore } from "./event-store.ts";

/** Gets one event, or throws EVENT_NOT_FOUND. */
export async function getEvent(store: EventStore, eventId: string): Promise<Event> {
  const event = await store.get(eventId);
  if (event === undefined) {
    throw asError(eventNotFound(eventId));
  }
  return event;
}

/** Gets an organiser's own event, or throws EVENT_NOT_FOUND: another's is not there. */
export async function getOwnEvent(
  store: EventStore,
  { eventId, organiserId }: { eventId: string; organiserId: string },
): Promise<Event> {
  const event = await getEvent(store, eventId);
  if (event.organiserId !== organiserId) {
    throw asError(eventNotFound(eventId));
  }
  return event;
}
