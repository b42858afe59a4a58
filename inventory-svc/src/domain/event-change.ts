import { invalidField } from "@tessera/service-kit/service-error";
import { type Refusal, requestIdReused } from "./errors.ts";
import { type EventTerms, validTerms, type WaitingRoom } from "./event.ts";
import type { Book, Change, EventChange } from "./ledger.ts";

/** What shall be otherwise; what is absent stays. */
export type EventPatch = Partial<Omit<EventTerms, "waitingRoom">> & {
  waitingRoom?: Partial<WaitingRoom>;
};

/**
 * How long ago an end of the sale that is set may be, in milliseconds: a waiting room forgets its people
 * some hours after the end, and a mistyped year could not be undone.
 */
const CLOSE_BACK_MS = 60 * 60 * 1000;

/** How an event's terms shall change. */
export interface EventWish {
  /** Names the change: the same for each try of one wish. */
  id: string;
  /** The organiser's own name for it. */
  requestId: string;
  /** The same for each try of one wish, and for no other. */
  requestHash: string;
  patch: EventPatch;
}

/** The event as the change left it. */
export interface EventAnswer extends Pick<EventChange, "terms" | "capacities"> {
  /** True when the change had been made before, and nothing was done now. */
  replayed: boolean;
}

/**
 * Decides on an event's new terms: they must be as good as a new event's. Nothing that was taken is
 * looked at, and so nothing is taken away.
 *
 * Throws INVALID_FIELD.
 */
export function decideEventChange(
  book: Book,
  { id, requestId, requestHash, patch }: EventWish,
): { answer: EventAnswer | Refusal; change: Change } {
  const { now, event, eventChange: earlier, terms: before, stock } = book;
  const { eventId } = event;
  if (earlier !== undefined) {
    const isSame = earlier.eventId === eventId && earlier.requestHash === requestHash;
    const answer = isSame ? { ...earlier, replayed: true } : requestIdReused(requestId);
    return { answer, change: NOTHING };
  }
  if (before === undefined) {
    throw new RangeError("the event's terms were not read");
  }
  const terms = patched(before, patch);
  if (
    terms.salesCloseTime < before.salesCloseTime &&
    terms.salesCloseTime.getTime() < now.getTime() - CLOSE_BACK_MS
  ) {
    throw invalidField("event.sales_close_time", "must be an hour ago at most, or in the future");
  }
  const capacities = stock.map(({ capacity }) => capacity);
  const fields = differences(before, terms);
  const eventChange: EventChange = { id, eventId, requestHash, fields, terms, capacities };
  return {
    answer: { terms, capacities, replayed: false },
    change: { ...NOTHING, eventChange },
  };
}

const NOTHING: Change = { inserts: [], moves: [], deltas: [] };

function patched(before: EventTerms, { waitingRoom: part, ...rest }: EventPatch): EventTerms {
  if (part !== undefined && before.waitingRoom === undefined) {
    throw invalidField("event.waiting_room", "cannot be given to an event that has none");
  }
  const waitingRoom = before.waitingRoom && { ...before.waitingRoom, ...part };
  const terms = { ...before, ...rest, waitingRoom };
  if (terms.salesCloseTime <= terms.salesOpenTime) {
    // Whoever moved the opening alone has not named the end.
    throw rest.salesCloseTime === undefined
      ? invalidField("event.sales_open_time", "must be before the end of the sale")
      : invalidField("event.sales_close_time", "must be after the opening of the sale");
  }
  return validTerms(terms, { leastRate: 0 });
}

/** What is not the same in both, by its name. */
function differences(before: EventTerms, after: EventTerms): EventChange["fields"] {
  const [old, young] = [flat(before), flat(after)];
  const changed = Object.keys(young).filter(
    (name) => JSON.stringify(old[name]) !== JSON.stringify(young[name]),
  );
  return Object.fromEntries(
    changed.map((name) => [name, { before: old[name], after: young[name] }]),
  );
}

function flat({ waitingRoom, ...terms }: EventTerms): Record<string, unknown> {
  const room = Object.entries(waitingRoom ?? {});
  return {
    ...terms,
    ...Object.fromEntries(room.map(([name, value]) => [`waitingRoom.${name}`, value])),
  };
}
