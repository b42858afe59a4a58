import { type Answer, call, type Route } from "./api.ts";
import { anyOf } from "./run.ts";

const LIST: Route = { method: "GET", path: "/v1/events", class: "read" };
const DETAIL: Route = { method: "GET", path: "/v1/events/:id", class: "read" };
const AVAILABILITY: Route = { method: "GET", path: "/v1/events/:id/availability", class: "read" };

/** Events a page, as a list on a telephone has them. */
const PAGE = 20;
/** How far the walk to other pages goes: its pages are larger, so 2,000 events deep. */
const WALKED_PAGES = 20;
const WALKED_PAGE = 100;

/** A page of events. */
export interface EventPage {
  items: { id: string }[];
  nextCursor: string | null;
}

/** Looks at a page of the list: the first one without a cursor. */
export function listEvents(cursor = "", limit = PAGE): Answer<EventPage> {
  const after = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  return call<EventPage>(LIST, { query: `?limit=${limit}${after}` });
}

/** Looks for events whose name begins so. */
export function findEvents(prefix: string): void {
  call(LIST, { query: `?limit=${PAGE}&q=${encodeURIComponent(prefix)}`, isBodyUnread: true });
}

/** Looks at one event. */
export function getEvent(id: string): void {
  call(DETAIL, { id, isBodyUnread: true });
}

/** Looks at what is left of one event. */
export function getAvailability(id: string): void {
  call(AVAILABILITY, { id, isBodyUnread: true });
}

/** Cursors from the first page down to some thousand events deep; the first one is empty. */
export function walkEvents(): string[] {
  const cursors = [""];
  for (let page = 0; page < WALKED_PAGES; page += 1) {
    const { body } = listEvents(cursors[page], WALKED_PAGE);
    if (typeof body?.nextCursor !== "string") {
      break;
    }
    cursors.push(body.nextCursor);
  }
  return cursors;
}

/** Looks at a page at any depth; resolves to the id of one of its events. */
export function lookAround(cursors: readonly string[]): string | undefined {
  const items = listEvents(anyOf(cursors)).body?.items ?? [];
  return items.length === 0 ? undefined : anyOf(items).id;
}
