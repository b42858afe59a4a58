import { openPageToken, sealPageToken } from "@tessera/service-kit/page-token";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { Event } from "../domain/event.ts";
import type { Call } from "./call.ts";
import type { EventPosition, EventQuery, EventSort, EventStore } from "./event-store.ts";

/** The last instant that SQL can name, in milliseconds. */
const MAX_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** How long a list waits for its turn at most, in milliseconds. */
const WAIT_MS = 1_000;

/** Lists a page of events. Throws INVALID_PAGE_TOKEN. */
export async function listEvents(
  store: EventStore,
  query: Omit<EventQuery, "after" | "deadline"> & { pageToken: string },
  { timeoutMs = WAIT_MS }: Call = {},
): Promise<{ events: Event[]; nextPageToken: string }> {
  const { sort, namePrefix, startFrom, limit, pageToken } = query;
  const scope = listScope(sort, namePrefix, startFrom);
  const after = positionOf(scope, pageToken, sort);
  const deadline = performance.now() + Math.min(WAIT_MS, timeoutMs);
  const { events, next } = await store.list({
    sort,
    namePrefix,
    startFrom,
    limit,
    after,
    deadline,
  });
  return { events, nextPageToken: next === undefined ? "" : sealPageToken(scope, next) };
}

/** What a list's tokens are good for: another order, prefix or beginning would silently skip events. */
export function listScope(sort: EventSort, namePrefix: string, startFrom?: Date): string {
  // A prefix and a beginning never come together.
  return `events:${sort}:${startFrom?.getTime() ?? namePrefix}`;
}

function positionOf(scope: string, token: string, sort: EventSort): EventPosition | undefined {
  const example: EventPosition = sort === "name" ? ["", 0] : [0, 0];
  const position = openPageToken(scope, token, example);
  if (position !== undefined && !isPosition(position)) {
    throw new ServiceError("INVALID_PAGE_TOKEN", "the page token is not one of this list's", {
      metadata: { field: "page_token" },
    });
  }
  return position;
}

/** Tokens come from outside: a number in one may be no time at all. */
function isPosition([key, seq]: EventPosition): boolean {
  const isKey =
    typeof key === "string"
      ? key.length <= 400
      : Number.isSafeInteger(key) && key >= 0 && key <= MAX_TIME_MS;
  return isKey && Number.isSafeInteger(seq) && seq >= 0;
}
