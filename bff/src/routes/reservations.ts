import type { PassKeys } from "@tessera/admission-pass";
import type { Reservation } from "@tessera/proto/reservation/v1/reservation_pb";
import type {
  ConfirmReservationResult,
  CreateReservationResult,
} from "@tessera/proto/reservation/v1/reservation_service_pb";
import type { RequestHandler } from "express";
import type { Clients } from "../clients.ts";
import type { Combiners } from "../combiners.ts";
import { admissionPassOf } from "../http/admission-pass.ts";
import type { Exchange } from "../http/exchange.ts";
import { idempotencyKeyOf, markReplayed } from "../http/idempotency-key.ts";
import { jsonBody, optionalJsonBody } from "../http/json-body.ts";
import { cursorOf, idOf, limitOf, queryOf } from "../http/query.ts";
import { answer, type Route } from "../http/route.ts";
import type { OwnReads } from "../own-reads.ts";
import { parseNothing } from "../rest/nothing.ts";
import {
  createdReservation,
  currentReservation,
  parseConfirmReservation,
  parseCreateReservation,
} from "../rest/reservation.ts";

/** What the reservation routes need. */
export interface ReservationRoutesDeps {
  clients: Clients;
  combiners: Combiners;
  ownReads: OwnReads;
  passKeys: PassKeys;
  authenticate: RequestHandler;
  limitReserve: RequestHandler;
  limitUser: RequestHandler;
}

/** Holding, confirming, giving back; a crowd's two operations come first. */
export function reservationRoutes(deps: ReservationRoutesDeps): Route[] {
  const { authenticate, limitReserve, limitUser } = deps;
  const path = "/v1/reservations";
  const signedIn = (method: Route["method"], at: string, ...rest: RequestHandler[]): Route => ({
    method,
    path: at,
    handlers: [authenticate, ...rest],
  });
  return [
    signedIn("post", path, limitReserve, jsonBody, create(deps)),
    signedIn("post", `${path}/:id/confirm`, limitUser, jsonBody, confirm(deps)),
    signedIn("post", `${path}/:id/cancel`, limitUser, optionalJsonBody, cancel(deps)),
    signedIn("post", `${path}/:id/extend`, limitUser, optionalJsonBody, extend(deps)),
    signedIn("get", `${path}/:id`, limitUser, get(deps)),
    signedIn("get", path, limitUser, list(deps)),
  ];
}

const create = ({ combiners, passKeys }: ReservationRoutesDeps) =>
  answer(async (exchange) => {
    const requestId = idempotencyKeyOf(exchange);
    const { userId } = exchange.caller;
    const entry = parseCreateReservation(exchange.request.body, { requestId, userId });
    entry.admissionPass = await admissionPassOf(exchange, entry, passKeys);
    const result = await combiners.create.submit(exchange, entry);
    const reservation = createdReservation(granted(result));
    markReplayed(exchange, result.replayed);
    exchange.headers.push("Location", `/v1/reservations/${reservation.id}`);
    exchange.json(201, reservation);
  });

const confirm = ({ combiners }: ReservationRoutesDeps) =>
  answer(async (exchange) => {
    const requestId = idempotencyKeyOf(exchange);
    const who = { requestId, userId: exchange.caller.userId, reservationId: idOf(exchange) };
    const entry = parseConfirmReservation(exchange.request.body, who);
    const result = await combiners.confirm.submit(exchange, entry);
    markReplayed(exchange, result.replayed);
    const { reacquired } = result;
    exchange.json(200, { ...currentReservation(granted(result)), reacquired });
  });

const cancel = ({ clients }: ReservationRoutesDeps) =>
  answer(async (exchange) => {
    const result = await clients.reservation.cancelReservation(...mutationOf(exchange));
    markReplayed(exchange, result.replayed);
    exchange.json(200, currentReservation(given(result.reservation)));
  });

const extend = ({ clients }: ReservationRoutesDeps) =>
  answer(async (exchange) => {
    const result = await clients.reservation.extendReservation(...mutationOf(exchange));
    markReplayed(exchange, result.replayed);
    exchange.json(200, currentReservation(given(result.reservation), result.serverTime));
  });

const get = ({ ownReads }: ReservationRoutesDeps) =>
  answer(async (exchange) => {
    const query = { userId: exchange.caller.userId, reservationId: idOf(exchange) };
    const { reservation, serverTime } = await ownReads.reservation.read(exchange, query);
    exchange.json(200, currentReservation(given(reservation), serverTime));
  });

const list = ({ ownReads }: ReservationRoutesDeps) =>
  answer(async (exchange) => {
    const query = queryOf(exchange, ["limit", "cursor"]);
    const { reservations, nextPageToken, serverTime } = await ownReads.reservations.read(exchange, {
      userId: exchange.caller.userId,
      pageSize: limitOf(query.limit),
      pageToken: cursorOf(query.cursor),
    });
    exchange.json(200, {
      items: reservations.map((reservation) => currentReservation(reservation, serverTime)),
      nextCursor: nextPageToken === "" ? null : nextPageToken,
    });
  });

/** The request and the call options of a change to one reservation that takes no body. */
function mutationOf(exchange: Exchange) {
  const requestId = idempotencyKeyOf(exchange);
  const reservationId = idOf(exchange);
  parseNothing(exchange.request.body);
  return [{ requestId, reservationId }, { headers: exchange.callHeaders() }] as const;
}

function granted({ outcome }: CreateReservationResult | ConfirmReservationResult): Reservation {
  return given(outcome.case === "reservation" ? outcome.value : undefined);
}

function given(reservation: Reservation | undefined): Reservation {
  if (reservation === undefined) {
    throw new Error("reservation-svc left out the reservation");
  }
  return reservation;
}
