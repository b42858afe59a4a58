import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ListEventsRequest_Sort } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ServiceError } from "@tessera/service-kit/service-error";
import type { RequestHandler } from "express";
import type { Clients } from "../clients.ts";
import type { EventListQuery, EventReads } from "../event-reads.ts";
import { type Exchange, exchangeOf } from "../http/exchange.ts";
import { idempotencyKeyOf, idempotencyKeyOrNew, markReplayed } from "../http/idempotency-key.ts";
import { invalid } from "../http/invalid-request.ts";
import { jsonBody } from "../http/json-body.ts";
import { parseTime } from "../http/parse-time.ts";
import { cursorOf, idOf, limitOf, queryOf } from "../http/query.ts";
import { answer, type Route } from "../http/route.ts";
import { parseCapacity, parseEvent, restEvent, restUpdatedTicketType } from "../rest/event.ts";
import { parseEventChange } from "../rest/event-change.ts";
import { giveRead } from "./give-read.ts";

const SORTS: Readonly<Record<string, ListEventsRequest_Sort>> = {
  startsAt: ListEventsRequest_Sort.START_TIME,
  name: ListEventsRequest_Sort.NAME,
  "-createdAt": ListEventsRequest_Sort.CREATE_TIME_DESC,
};

/** How many events a page has when nobody says. */
const DEFAULT_LIMIT = 20;

/** Events: anybody may look, organisers create and change. */
export function eventRoutes(deps: {
  clients: Clients;
  reads: EventReads;
  authenticate: RequestHandler;
  limitUser: RequestHandler;
}): Route[] {
  const { clients, reads, authenticate, limitUser } = deps;
  const organisers = [authenticate, limitUser, organisersOnly, jsonBody];
  return [
    { method: "get", path: "/v1/events/:id/availability", handlers: [availability(reads)] },
    { method: "get", path: "/v1/events/:id", handlers: [get(reads)] },
    { method: "get", path: "/v1/events", handlers: [list(reads)] },
    { method: "post", path: "/v1/events", handlers: [...organisers, create(clients)] },
    { method: "patch", path: "/v1/events/:id", handlers: [...organisers, change(clients)] },
    {
      method: "patch",
      path: "/v1/events/:id/ticket-types/:ticketTypeId",
      handlers: [...organisers, changeCapacity(clients)],
    },
  ];
}

/** Before the body is read: who may not change events need not send one. */
const organisersOnly: RequestHandler = (_request, response, next) => {
  if (exchangeOf(response).caller.role !== "organiser") {
    throw new ServiceError("FORBIDDEN", "only organisers create and change events");
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

const change = ({ inventory }: Clients) =>
  answer(async (exchange) => {
    const requestId = idempotencyKeyOf(exchange);
    const id = idOf(exchange);
    const { event, paths } = parseEventChange(exchange.request.body);
    const organiserId = exchange.caller.userId;
    const result = await inventory.updateEvent(
      { requestId, organiserId, event: { ...event, id }, updateMask: { paths } },
      { headers: exchange.callHeaders() },
    );
    markReplayed(exchange, result.replayed);
    exchange.json(200, restEvent(result.event));
  });

const changeCapacity = ({ inventory }: Clients) =>
  answer(async (exchange) => {
    const requestId = idempotencyKeyOf(exchange);
    const eventId = idOf(exchange);
    const id = idOf(exchange, "ticketTypeId");
    const capacity = parseCapacity(exchange.request.body);
    const updateMask = { paths: ["capacity"] };
    const organiserId = exchange.caller.userId;
    const result = await inventory.updateTicketType(
      { requestId, organiserId, eventId, ticketType: { id, capacity }, updateMask },
      { headers: exchange.callHeaders() },
    );
    markReplayed(exchange, result.replayed);
    exchange.json(200, restUpdatedTicketType(result));
  });

const get = ({ event }: EventReads) =>
  answer((exchange) => giveRead(exchange, event.get(idOf(exchange), exchange)));

const availability = (reads: EventReads) =>
  answer((exchange) => giveRead(exchange, reads.availability.get(idOf(exchange), exchange)));

const list = (reads: EventReads) =>
  answer((exchange) => giveRead(exchange, reads.list.get(listQueryOf(exchange), exchange)));

/** Defaults are filled in, so that pages that are the same are asked for in the same words. */
function listQueryOf(exchange: Exchange): EventListQuery {
  const query = queryOf(exchange, ["limit", "cursor", "q", "sort", "startsFrom"]);
  const namePrefix = prefixOf(query.q);
  const defaultSort = namePrefix === "" ? "startsAt" : "name";
  const sort = sortOf(query.sort ?? defaultSort);
  return {
    pageSize: limitOf(query.limit) || DEFAULT_LIMIT,
    pageToken: cursorOf(query.cursor),
    namePrefix,
    sort,
    ...(query.startsFrom === undefined ? {} : { startTimeFrom: fromOf(query.startsFrom, sort) }),
  };
}

function fromOf(text: string, sort: ListEventsRequest_Sort): Timestamp {
  const time = parseTime(text);
  if (time === undefined) {
    throw invalid("startsFrom", "must be an RFC 3339 time such as 2030-01-31T20:00:00Z");
  }
  if (sort !== ListEventsRequest_Sort.START_TIME) {
    throw invalid("startsFrom", "needs the order startsAt");
  }
  return timestampFromDate(time);
}

function prefixOf(text: string | undefined): string {
  if (text !== undefined && [...text].length > 100) {
    throw invalid("q", "must have at most 100 characters");
  }
  return text ?? "";
}

function sortOf(text: string): ListEventsRequest_Sort {
  const sort = Object.hasOwn(SORTS, text) ? SORTS[text] : undefined;
  if (sort === undefined) {
    throw invalid("sort", `must be one of ${Object.keys(SORTS).join(", ")}`);
  }
  return sort;
}
