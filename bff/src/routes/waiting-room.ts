import type { WaitingRoomEntry } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import type { RequestHandler } from "express";
import type { Clients } from "../clients.ts";
import type { Combiners } from "../combiners.ts";
import type { EventReads } from "../event-reads.ts";
import type { Exchange } from "../http/exchange.ts";
import { optionalJsonBody } from "../http/json-body.ts";
import { idOf } from "../http/query.ts";
import { answer, type Route } from "../http/route.ts";
import type { PlaceStreams } from "../place-streams.ts";
import { parseNothing } from "../rest/nothing.ts";
import { placeOf, restPlace } from "../rest/waiting-room.ts";
import { giveRead } from "./give-read.ts";

/** What the waiting room's routes need. */
export interface WaitingRoomRoutesDeps {
  clients: Clients;
  combiners: Combiners;
  reads: Pick<EventReads, "draw">;
  streams: PlaceStreams;
  authenticate: RequestHandler;
  limitQueue: RequestHandler;
}

/** Media types have no case. */
const EVENT_STREAM = /text\/event-stream/i;

/** Standing in line; a crowd's two operations come first. */
export function waitingRoomRoutes(deps: WaitingRoomRoutesDeps): Route[] {
  const { authenticate, limitQueue } = deps;
  const path = "/v1/events/:id/queue";
  const signedIn = (method: Route["method"], at: string, ...rest: RequestHandler[]): Route => ({
    method,
    path: at,
    handlers: [authenticate, limitQueue, ...rest],
  });
  return [
    signedIn("get", path, poll(deps)),
    signedIn("post", path, optionalJsonBody, join(deps)),
    signedIn("delete", path, leave(deps)),
    { method: "get", path: `${path}/draw`, handlers: [draw(deps)] },
    signedIn("get", `${path}/draw/mine`, drawNumber(deps)),
  ];
}

const poll = ({ combiners, streams }: WaitingRoomRoutesDeps) =>
  answer(async (exchange) => {
    const entry = entryOf(exchange);
    if (wantsStream(exchange)) {
      await streams.follow(exchange, entry);
      return;
    }
    const result = await combiners.poll.submit(exchange, entry);
    exchange.json(200, restPlace(placeOf(result)));
  });

const join = ({ combiners }: WaitingRoomRoutesDeps) =>
  answer(async (exchange) => {
    const entry = entryOf(exchange);
    parseNothing(exchange.request.body);
    const result = await combiners.join.submit(exchange, entry);
    const place = restPlace(placeOf(result));
    if (result.created) {
      exchange.headers.push("Location", `/v1/events/${entry.eventId}/queue`);
    }
    exchange.json(result.created ? 201 : 200, place);
  });

const leave = ({ clients }: WaitingRoomRoutesDeps) =>
  answer(async (exchange) => {
    await clients.waitingRoom.leaveWaitingRoom(...wishOf(exchange));
    exchange.headers.push("Cache-Control", "no-store");
    exchange.empty(204);
  });

/** Anybody may check it, and a crowd does so at the same moment. */
const draw = ({ reads }: WaitingRoomRoutesDeps) =>
  answer((exchange) => giveRead(exchange, reads.draw.get(idOf(exchange), exchange)));

const drawNumber = ({ clients }: WaitingRoomRoutesDeps) =>
  answer(async (exchange) => {
    const [{ eventId }, options] = wishOf(exchange);
    const number = await clients.waitingRoom.getDrawNumber({ eventId }, options);
    const { userId } = exchange.caller;
    // Below 2 ** 48: a number of JSON's as well.
    exchange.json(200, { eventId, userId, drawNumber: Number(number.drawNumber) });
  });

function entryOf(exchange: Exchange): WaitingRoomEntry {
  const $typeName = "tessera.reservation.v1.WaitingRoomEntry";
  return { $typeName, userId: exchange.caller.userId, eventId: idOf(exchange) };
}

/** The request and the call options of an RPC about one event's waiting room. */
function wishOf(exchange: Exchange) {
  return [{ eventId: idOf(exchange) }, { headers: exchange.callHeaders() }] as const;
}

/** JSON unless the client would rather have events. */
function wantsStream({ request }: Exchange): boolean {
  const { method, headers } = request;
  // Weighing types against each other costs, and hardly anybody who polls sends any.
  return (
    method === "GET" &&
    EVENT_STREAM.test(headers.accept ?? "") &&
    request.accepts(["application/json", "text/event-stream"]) === "text/event-stream"
  );
}
