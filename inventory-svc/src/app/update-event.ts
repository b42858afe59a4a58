import { uuidOf } from "@tessera/service-kit/uuid";
import { asError, eventNotFound } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { decideEventChange, type EventPatch } from "../domain/event-change.ts";
import type { EventStore } from "./event-store.ts";
import { getOwnEvent } from "./get-event.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/** What an organiser wants to change of an event. */
export interface EventUpdate {
  requestId: string;
  organiserId: string;
  eventId: string;
  /** At least one field; the same fields in the same order for the same request. */
  patch: EventPatch;
}

/**
 * Changes an event's terms; the same request id of the same organiser does it once.
 *
 * Throws EVENT_NOT_FOUND, also for another organiser's event, INVALID_FIELD and
 * IDEMPOTENCY_KEY_REUSED.
 */
export async function updateEvent(
  deps: { events: EventStore; ledger: Ledger; metrics: LedgerMetrics },
  { requestId, organiserId, eventId, patch }: EventUpdate,
  signal?: AbortSignal,
): Promise<{ event: Event; replayed: boolean }> {
  const { events, ledger, metrics } = deps;
  // Of this only what never changes is used: the ledger reads the rest under its lock.
  const event = await getOwnEvent(events, { eventId, organiserId });
  const id = uuidOf("UpdateEvent", organiserId, requestId);
  const requestHash = uuidOf(eventId, JSON.stringify(patch));
  const query = { eventId, allocationIds: [], unitsOf: [], eventChangeId: id, signal };
  const settled = await ledger.settle(query, (book) =>
    decideEventChange(book, { id, requestId, requestHash, patch }),
  );
  const answer = settled?.outcome.answer ?? eventNotFound(eventId);
  if ("reason" in answer) {
    metrics.outcome("event", answer.reason);
    throw asError(answer);
  }
  const { terms, capacities, replayed } = answer;
  metrics.outcome("event", replayed ? "replayed" : "changed");
  const ticketTypes = event.ticketTypes.map((type, position) => {
    return { ...type, capacity: capacities[position] ?? type.capacity };
  });
  return { event: { ...event, ...terms, ticketTypes }, replayed };
}
