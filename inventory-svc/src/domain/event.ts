import { READABLE } from "@tessera/service-kit/readable-text";
import { invalidField } from "@tessera/service-kit/service-error";
import { normalText } from "./normal-text.ts";

/** A price and a capacity in one event. */
export interface TicketType {
  id: string;
  name: string;
  /** The price of one unit in the event's currency, in minor units. */
  priceMinor: number;
  /** How many units exist. */
  capacity: number;
}

/** How buyers are let in to one event's sale. */
export interface WaitingRoom {
  /** 0: nobody is let in, for as long as that is so. */
  admitPerMinute: number;
  maxActive: number;
  passSeconds: number;
  /** What happens while the waiting room's store is lost. */
  onStoreLoss: "open" | "closed";
}

/** What an event is called and how it is sold: what its organiser may change later. */
export interface EventTerms {
  name: string;
  venue: string;
  startTime: Date;
  salesOpenTime: Date;
  salesCloseTime: Date;
  holdSeconds: number;
  maxPerUser: number;
  waitingRoom: WaitingRoom | undefined;
}

/** Something that people buy tickets for, as its organiser describes it. */
export interface EventDraft extends EventTerms {
  organiserId: string;
  ticketTypes: readonly TicketTypeDraft[];
}

/** A ticket type that has no id yet. */
export interface TicketTypeDraft {
  name: string;
  priceMinor: number;
  currency: string;
  capacity: number;
}

/** An event as stored. */
export interface Event extends Omit<EventDraft, "ticketTypes"> {
  id: string;
  /** The ISO 4217 code of every price. */
  currency: string;
  createTime: Date;
  /** In the organiser's order. */
  ticketTypes: readonly TicketType[];
}

/** Ticket types in one event, at most. */
const MAX_TICKET_TYPES = 50;
/** Units of one ticket type, at most. */
export const MAX_CAPACITY = 10_000_000;

/**
 * Returns the draft with its texts trimmed and normalized, or throws INVALID_FIELD with the path
 * of the first field that breaks a rule.
 */
export function validEvent(draft: EventDraft): EventDraft {
  const { ticketTypes } = draft;
  if (draft.salesCloseTime <= draft.salesOpenTime) {
    throw invalidField("event.sales_close_time", "must be after the opening of the sale");
  }
  if (ticketTypes.length === 0 || ticketTypes.length > MAX_TICKET_TYPES) {
    throw invalidField("event.ticket_types", `must have 1 to ${MAX_TICKET_TYPES} items`);
  }
  // 0 is what a caller sends who forgot it: nobody begins with a room that lets nobody in.
  const terms = validTerms(draft, { leastRate: 1 });
  return { ...draft, ...terms, ticketTypes: validTicketTypes(ticketTypes) };
}

/**
 * Returns the terms with their texts trimmed and normalized, or throws INVALID_FIELD; whether the
 * sale ends after it begins is for the caller to check, who knows which of the two is wrong.
 */
export function validTerms(terms: EventTerms, { leastRate }: { leastRate: number }): EventTerms {
  const { salesOpenTime, salesCloseTime, startTime, waitingRoom, holdSeconds, maxPerUser } = terms;
  checkRange("event.hold_seconds", holdSeconds, { min: 1, max: 7_200 });
  checkRange("event.max_per_user", maxPerUser, { min: 1, max: 1_000 });
  if (waitingRoom !== undefined) {
    checkWaitingRoom(waitingRoom, leastRate);
  }
  return {
    ...{ startTime, salesOpenTime, salesCloseTime, holdSeconds, maxPerUser, waitingRoom },
    name: validText("event.name", terms.name, 200),
    venue: validText("event.venue", terms.venue, 200),
  };
}

function checkWaitingRoom(
  { admitPerMinute, maxActive, passSeconds }: WaitingRoom,
  leastRate: number,
): void {
  checkRange("event.waiting_room.admit_per_minute", admitPerMinute, {
    ...{ min: leastRate, max: 1_000_000 },
  });
  checkRange("event.waiting_room.max_active", maxActive, { min: 1, max: 1_000_000 });
  checkRange("event.waiting_room.pass_seconds", passSeconds, { min: 10, max: 3_600 });
}

function validTicketTypes(drafts: readonly TicketTypeDraft[]): TicketTypeDraft[] {
  const names = new Set<string>();
  return drafts.map((draft, index) => {
    const path = `event.ticket_types[${index}]`;
    const name = validText(`${path}.name`, draft.name, 100);
    if (names.has(name)) {
      throw invalidField(`${path}.name`, "is the name of another ticket type of the event");
    }
    names.add(name);
    checkRange(`${path}.price.amount_minor`, draft.priceMinor, { min: 0, max: 100_000_000 });
    checkRange(`${path}.capacity`, draft.capacity, { min: 0, max: MAX_CAPACITY });
    if (!/^[A-Z]{3}$/.test(draft.currency)) {
      throw invalidField(`${path}.price.currency_code`, "must be three upper-case letters");
    }
    if (draft.currency !== drafts[0]?.currency) {
      throw invalidField(`${path}.price.currency_code`, "must be the same in the whole event");
    }
    return { ...draft, name };
  });
}

function validText(field: string, text: string, maxLength: number): string {
  const normal = normalText(text.trim(), maxLength);
  if (normal === undefined || normal === "") {
    throw invalidField(field, `must have 1 to ${maxLength} characters`);
  }
  if (!READABLE.test(normal)) {
    throw invalidField(field, "must have something to read and no control characters");
  }
  return normal;
}

function checkRange(field: string, value: number, { min, max }: { min: number; max: number }) {
  if (value < min || value > max) {
    throw invalidField(field, `must be from ${min} to ${max}`);
  }
}
