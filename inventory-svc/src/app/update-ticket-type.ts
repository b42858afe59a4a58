import { uuidOf } from "@tessera/service-kit/uuid";
import { type CapacityAnswer, decideCapacity } from "../domain/capacity.ts";
import { asError, eventNotFound, ticketTypeNotFound } from "../domain/errors.ts";
import type { Event, TicketType } from "../domain/event.ts";
import type { EventStore } from "./event-store.ts";
import { getOwnEvent } from "./get-event.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/** What an organiser wants to change of a ticket type. */
export interface TicketTypeUpdate {
  requestId: string;
  organiserId: string;
  eventId: string;
  ticketTypeId: string;
  /** How many units there shall be. */
  capacity: number;
}

/** The changed ticket type, and its stock. */
export interface UpdatedTicketType extends CapacityAnswer {
  event: Event;
  /** As the change left it. */
  ticketType: TicketType;
}

/**
 * Changes how many units of a ticket type there are; the same request id of the same organiser
 * does it once.
 *
 * Throws EVENT_NOT_FOUND, also for another organiser's event, TICKET_TYPE_NOT_FOUND,
 * CAPACITY_BELOW_TAKEN and IDEMPOTENCY_KEY_REUSED.
 */
export async function updateTicketType(
  deps: { events: EventStore; ledger: Ledger; metrics: LedgerMetrics },
  update: TicketTypeUpdate,
  signal?: AbortSignal,
): Promise<UpdatedTicketType> {
  const { events, ledger, metrics } = deps;
  const { requestId, organiserId, eventId, ticketTypeId, capacity } = update;
  // Neither its owner nor its ticket types ever change, so it needs no lock.
  const event = await getOwnEvent(events, { eventId, organiserId });
  const ticketType = event.ticketTypes.find(({ id }) => id === ticketTypeId);
  if (ticketType === undefined) {
    throw asError(ticketTypeNotFound(ticketTypeId));
  }
  const id = uuidOf("UpdateTicketType", organiserId, requestId);
  const query = { eventId, allocationIds: [], unitsOf: [], capacityChangeId: id, signal };
  const settled = await ledger.settle(query, (book) =>
    decideCapacity(book, { id, requestId, ticketTypeId, capacity }),
  );
  const answer = settled?.outcome.answer ?? eventNotFound(eventId);
  if ("reason" in answer) {
    metrics.outcome("capacity", answer.reason);
    throw asError(answer);
  }
  metrics.outcome("capacity", answer.replayed ? "replayed" : "changed");
  return { ...answer, event, ticketType: { ...ticketType, capacity: answer.line.capacity } };
}
