import type { Reason } from "@tessera/proto/reasons";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { SaleRules } from "./ledger.ts";

/**
 * Why one entry of a batch was refused.
 *
 * Plain data and no Error: a sell-out refuses thousands a second under the event's lock, and a
 * stack trace for each would be most of the work.
 */
export interface Refusal {
  reason: Reason;
  /** For developers; everything dynamic in it is in `metadata` too. */
  message: string;
  metadata: Readonly<Record<string, string>>;
}

/** The refusal as the failure of a whole call. */
export function asError({ reason, message, metadata }: Refusal): ServiceError {
  return new ServiceError(reason, message, { metadata });
}

/** There is no such event. */
export function eventNotFound(eventId: string): Refusal {
  return { reason: "EVENT_NOT_FOUND", message: `no event ${eventId}`, metadata: { eventId } };
}

/** The sale has not begun, or is over. */
export function salesClosed(event: SaleRules): Refusal {
  const { eventId, salesOpenTime, salesCloseTime } = event;
  return {
    reason: "SALES_CLOSED",
    message: `event ${eventId} is not on sale now`,
    metadata: {
      eventId,
      salesOpenTime: salesOpenTime.toISOString(),
      salesCloseTime: salesCloseTime.toISOString(),
    },
  };
}

/** The event has no such ticket type. */
export function ticketTypeNotFound(ticketTypeId: string): Refusal {
  const message = `the event has no ticket type ${ticketTypeId}`;
  return { reason: "TICKET_TYPE_NOT_FOUND", message, metadata: { ticketTypeId } };
}

/** Fewer units are left than were asked for. */
export function soldOut(ticketTypeId: string): Refusal {
  const message = `too few units of ticket type ${ticketTypeId} are left`;
  return { reason: "SOLD_OUT", message, metadata: { ticketTypeId } };
}

/** More units are held and sold than there were to be. */
export function capacityBelowTaken(ticketTypeId: string, taken: number): Refusal {
  const message = `${taken} units of ticket type ${ticketTypeId} are held or sold`;
  const metadata = { ticketTypeId, taken: String(taken) };
  return { reason: "CAPACITY_BELOW_TAKEN", message, metadata };
}

/** The user would have more units of the event than one user may. */
export function limitExceeded(maxPerUser: number): Refusal {
  const message = `one user may have ${maxPerUser} units of this event`;
  return { reason: "LIMIT_EXCEEDED", message, metadata: { maxPerUser: String(maxPerUser) } };
}

/** The id belongs to another user's, another event's or another content's allocation. */
export function allocationConflict(allocationId: string): Refusal {
  const message = `allocation ${allocationId} was granted for something else`;
  return { reason: "ALLOCATION_CONFLICT", message, metadata: { allocationId } };
}

/** There is no such allocation in that event. */
export function allocationNotFound(allocationId: string): Refusal {
  const message = `no allocation ${allocationId}`;
  return { reason: "ALLOCATION_NOT_FOUND", message, metadata: { allocationId } };
}

/** The allocation is committed or released; it lapses no more. */
export function allocationNotHeld(allocationId: string): Refusal {
  const message = `allocation ${allocationId} is not held any more`;
  return { reason: "ALLOCATION_NOT_HELD", message, metadata: { allocationId } };
}

/** A newer holder of the event's lock has been here. */
export function fenced(lastToken: bigint): Refusal {
  const message = `a newer lock holder came first: ${lastToken}`;
  return { reason: "FENCED", message, metadata: { lastToken: String(lastToken) } };
}

/** Nobody waits for the answer any more. */
export function callerGone(): Refusal {
  return { reason: "CANCELLED", message: "the caller went away", metadata: {} };
}

/** The organiser used the request id for something else. */
export function requestIdReused(requestId: string): Refusal {
  const message = `request id ${requestId} was used for another request`;
  return { reason: "IDEMPOTENCY_KEY_REUSED", message, metadata: { requestId } };
}
