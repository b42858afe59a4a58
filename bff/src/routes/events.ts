import { ListEventsRequest_Sort } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { RequestHandler } from "express";
import type { Clients } from "../clients.ts";
import { sendCached } from "../http/cached-json.ts";
import { exchangeOf } from "../http/exchange.ts";
import { idempotencyKeyOrNew, markReplayed } from "../http/idempotency-key.ts";
import { invalid } from "../http/invalid-request.ts";
import { jsonBody } from "../http/json-body.ts";
import { cursorOf, idOf, limitOf, queryOf } from "../http/query.ts";
import { answer, type Route } from "../http/route.ts";
import { parseEvent, restAvailability, restEvent } from "../rest/event.ts";

const SORTS: Readonly<Record<string, ListEventsRequest_Sort>> = {
  startsAt: ListEventsRequest_Sort.START_TIME,
  name: ListEventsRequest_Sort.NAME,
  "-createdAt": ListEventsRequest_Sort.CREATE_TIME_DESC,
};

/** Events: anybody may look, organisers create. */
export function eventRoutes(deps: { clients: Clients; authenticate: RequestHandler }): Route[] {
  const { clients, authenticate } = deps;
  return [
    { method: "get", path: "/v1/events/:id/availability", handlers: [availability(clients)] },
    { method: "get", path: "/v1/events/:id", handlers: [get(clients)] },
    { method: "get", path: "/v1/events", handlers: [list(clients)] },
    {
      method: "post",
      path: "/v1/events",
      handlers: [authenticate, organisersOnly, jsonBody, create(clients)],
    },
  ];
}

/** Before the body is read: who may not create events need not send one. */
const organisersOnly: RequestHandler = (_request, response, next) => {
  if (exchangeOf(response).caller.role !== "organiser") {
    throw new ServiceError("FORBIDDEN", "only organisers create events");
  }
  next();
};

const create = ({ inventory }: Clients) =>
  answer(async (exchange) => {
    const requestId = idempotencyKeyOrNew(exchange);
    const event = parseEvent(exchange.request.body, exchange.caller.userId);
    const result = await inventory.createEvent(
      { requestId, event },
      { headers: exchange.callHeaders() },
    );
    const created = restEvent(result.event);
    markReplayed(exchange, result.replayed);
    exchange.headers.push("Location", `/v1/events/${created.id}`);
    exchange.json(201, created);
  });

const get = ({ inventory }: Clients) =>
  answer(async (exchange) => {
    const { event } = await inventory.getEvent(
      { eventId: idOf(exchange) },
      { headers: exchange.callHeaders() },
    );
    sendCached(exchange, restEvent(event));
  });

const availability = ({ inventory }: Clients) =>
  answer(async (exchange) => {
    const left = await inventory.getAvailability(
      { eventId: idOf(exchange) },
      { headers: exchange.callHeaders() },
    );
    sendCached(exchange, restAvailability(left));
  });

const list = ({ inventory }: Clients) =>
  answer(async (exchange) => {
    const query = queryOf(exchange, ["limit", "cursor", "q", "sort"]);
    const { events, nextPageToken } = await inventory.listEvents(
      {
        pageSize: limitOf(query.limit),
        pageToken: cursorOf(query.cursor),
        namePrefix: prefixOf(query.q),
        sort: sortOf(query.sort),
      },
      { headers: exchange.callHeaders() },
    );
    sendCached(exchange, {
      items: events.map(restEvent),
      nextCursor: nextPageToken === "" ? null : nextPageToken,
    });
  });

function prefixOf(text: string | undefined): string {
  if (text !== undefined && [...text].length > 100) {
    throw invalid("q", "must have at most 100 characters");
  }
  return text ?? "";
}

function sortOf(text: string | undefined): ListEventsRequest_Sort {
  if (text === undefined) {
    return ListEventsRequest_Sort.UNSPECIFIED;
  }
  const sort = Object.hasOwn(SORTS, text) ? SORTS[text] : undefined;
  if (sort === undefined) {
    throw invalid("sort", `must be one of ${Object.keys(SORTS).join(", ")}`);
  }
  return sort;
}
