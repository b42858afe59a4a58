import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import type { EntryError } from "@tessera/proto/common/v1/entry_error_pb";
import type { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import type { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import type { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { fromEntryError } from "@tessera/service-kit/entry-error";
import type { ServiceName } from "@tessera/testkit/services";
import { createUser, deleteSession, refreshSession } from "./user-mutations.ts";

/** A client of each service. */
export interface Clients {
  "inventory-svc": Client<typeof InventoryService>;
  "reservation-svc": Client<typeof ReservationService>;
  "user-svc": Client<typeof UserService>;
}

/** A call that changes something, ready to be sent any number of times. */
export interface Prepared {
  /** Sends it; resolves to what every answer to it must have in common. */
  send: (clients: Clients) => Promise<unknown>;
  /** What it changed, as far as it can be seen. */
  effect: () => Promise<unknown>;
  /** What the effect of exactly one call is. */
  once: unknown;
}

/** One RPC that the mesh may deliver more than once. */
export interface Mutation {
  rpc: string;
  service: Exclude<ServiceName, "bff">;
  prepare: (clients: Clients) => Promise<Prepared>;
}

const CAPACITY = 10;

/** Every RPC of the services that changes something and may be retried. */
export const MUTATIONS: readonly Mutation[] = [
  { rpc: "CreateEvent", service: "inventory-svc", prepare: createEvent },
  { rpc: "UpdateEvent", service: "inventory-svc", prepare: updateEvent },
  { rpc: "UpdateTicketType", service: "inventory-svc", prepare: updateTicketType },
  { rpc: "BatchAllocate", service: "inventory-svc", prepare: batchAllocate },
  { rpc: "BatchCommit", service: "inventory-svc", prepare: batchCommit },
  { rpc: "BatchRelease", service: "inventory-svc", prepare: batchRelease },
  { rpc: "ExtendAllocation", service: "inventory-svc", prepare: extendAllocation },
  { rpc: "BatchCreateReservations", service: "reservation-svc", prepare: batchCreate },
  { rpc: "BatchConfirmReservations", service: "reservation-svc", prepare: batchConfirm },
  { rpc: "CancelReservation", service: "reservation-svc", prepare: cancel },
  { rpc: "ExtendReservation", service: "reservation-svc", prepare: extend },
  { rpc: "CreateUser", service: "user-svc", prepare: createUser },
  { rpc: "RefreshSession", service: "user-svc", prepare: refreshSession },
  { rpc: "DeleteSession", service: "user-svc", prepare: deleteSession },
];

/** An event of nobody in particular, on sale now. */
export function eventRequest() {
  return {
    requestId: randomUUID(),
    event: {
      name: `Retried ${randomUUID()}`,
      venue: "A hall",
      startTime: timestampFromMs(Date.now() + 864e5),
      salesOpenTime: timestampFromMs(Date.now() - 60_000),
      salesCloseTime: timestampFromMs(Date.now() + 36e5),
      organiserId: randomUUID(),
      ticketTypes: [
        { name: "Only", price: { amountMinor: 500n, currencyCode: "EUR" }, capacity: CAPACITY },
      ],
    },
  };
}

async function createEvent(clients: Clients): Promise<Prepared> {
  const request = eventRequest();
  const inventory = clients["inventory-svc"];
  return {
    send: async (to) => (await to["inventory-svc"].createEvent(request)).event,
    effect: async () => {
      const namePrefix = request.event.name;
      return (await inventory.listEvents({ namePrefix })).events.length;
    },
    once: 1,
  };
}

async function updateEvent(clients: Clients): Promise<Prepared> {
  const inventory = clients["inventory-svc"];
  const { event } = await inventory.createEvent(eventRequest());
  const { id = "", organiserId = "" } = event ?? {};
  const updateMask = { paths: ["max_per_user"] };
  const request = {
    requestId: randomUUID(),
    organiserId,
    event: { id, maxPerUser: 3 },
    updateMask,
  };
  return {
    send: async (to) => (await to["inventory-svc"].updateEvent(request)).event,
    effect: async () => (await inventory.getEvent({ eventId: id })).event?.maxPerUser,
    once: 3,
  };
}

async function updateTicketType(clients: Clients): Promise<Prepared> {
  const { event } = await clients["inventory-svc"].createEvent(eventRequest());
  const { id: eventId = "", organiserId = "", ticketTypes = [] } = event ?? {};
  const capacity = CAPACITY + 5;
  const ticketType = { id: ticketTypes[0]?.id ?? "", capacity };
  const request = { requestId: randomUUID(), organiserId, eventId, ticketType };
  return {
    send: async (to) => {
      const answer = await to["inventory-svc"].updateTicketType(request);
      return [answer.ticketType, answer.availability];
    },
    effect: async () => {
      const { ticketTypes: left } = await clients["inventory-svc"].getAvailability({ eventId });
      return left.map((one) => [one.capacity, one.available])[0];
    },
    once: [capacity, capacity],
  };
}

/** An event, one buyer, and an allocation that is not asked for yet. */
async function wish(clients: Clients) {
  const inventory = clients["inventory-svc"];
  const { event } = await inventory.createEvent(eventRequest());
  const eventId = event?.id ?? "";
  const items = [{ ticketTypeId: event?.ticketTypes[0]?.id ?? "", quantity: 2 }];
  const entry = { allocationId: randomUUID(), userId: randomUUID(), items };
  return {
    eventId,
    entry,
    stock: async () => {
      const { ticketTypes } = await inventory.getAvailability({ eventId });
      return ticketTypes.map(({ available, held, sold }) => [available, held, sold])[0];
    },
  };
}

async function batchAllocate(clients: Clients): Promise<Prepared> {
  const { eventId, entry, stock } = await wish(clients);
  return {
    send: async (to) => {
      const { results } = await to["inventory-svc"].batchAllocate({ eventId, entries: [entry] });
      const { total } = given(results[0]?.outcome);
      return total;
    },
    effect: stock,
    once: [CAPACITY - 2, 2, 0],
  };
}

/** The same, allocated. */
async function allocated(clients: Clients) {
  const wanted = await wish(clients);
  const { eventId, entry } = wanted;
  await clients["inventory-svc"].batchAllocate({ eventId, entries: [entry] });
  return { ...wanted, ref: { eventId, allocationId: entry.allocationId } };
}

async function batchCommit(clients: Clients): Promise<Prepared> {
  const { ref, stock } = await allocated(clients);
  return {
    send: async (to) => {
      const { results } = await to["inventory-svc"].batchCommit({ entries: [ref] });
      return given(results[0]?.outcome);
    },
    effect: stock,
    once: [CAPACITY - 2, 0, 2],
  };
}

async function batchRelease(clients: Clients): Promise<Prepared> {
  const { ref, stock } = await allocated(clients);
  const request = { entries: [{ ...ref, isFinal: true }] };
  return {
    send: async (to) => {
      const { stocks } = await to["inventory-svc"].batchRelease(request);
      return stocks.map(({ ticketTypes }) => ticketTypes);
    },
    effect: stock,
    once: [CAPACITY, 0, 0],
  };
}

async function extendAllocation(clients: Clients): Promise<Prepared> {
  const { ref, stock } = await allocated(clients);
  const { allocationId } = ref;
  const expireTime = timestampFromMs(Date.now() + 36e5);
  return {
    send: async (to) => to["inventory-svc"].extendAllocation({ allocationId, expireTime }),
    effect: stock,
    once: [CAPACITY - 2, 2, 0],
  };
}

async function batchCreate(clients: Clients): Promise<Prepared> {
  const { eventId, entry, stock } = await wish(clients);
  const { userId, items } = entry;
  const request = { entries: [{ requestId: randomUUID(), eventId, userId, items }] };
  return {
    send: async (to) => {
      const { results } = await to["reservation-svc"].batchCreateReservations(request);
      return given(results[0]?.outcome);
    },
    effect: async () => {
      const listing = clients["reservation-svc"].listReservations({}, onBehalfOf(userId));
      return [(await listing).reservations.length, await stock()];
    },
    once: [1, [CAPACITY - 2, 2, 0]],
  };
}

/** A reservation that is held. */
async function reserved(clients: Clients) {
  const { eventId, entry, stock } = await wish(clients);
  const { userId, items } = entry;
  const { results } = await clients["reservation-svc"].batchCreateReservations({
    entries: [{ requestId: randomUUID(), eventId, userId, items }],
  });
  const { id } = given(results[0]?.outcome);
  const caller = onBehalfOf(userId);
  return { userId, stock, caller, request: { requestId: randomUUID(), reservationId: id } };
}

async function batchConfirm(clients: Clients): Promise<Prepared> {
  const { userId, stock, request } = await reserved(clients);
  const entry = { ...request, userId, paymentReference: "card" };
  return {
    send: async (to) => {
      const answer = await to["reservation-svc"].batchConfirmReservations({ entries: [entry] });
      return given(answer.results[0]?.outcome);
    },
    effect: stock,
    once: [CAPACITY - 2, 0, 2],
  };
}

async function cancel(clients: Clients): Promise<Prepared> {
  const { stock, caller, request } = await reserved(clients);
  return {
    send: async (to) => {
      const answer = await to["reservation-svc"].cancelReservation(request, caller);
      return answer.reservation;
    },
    effect: stock,
    once: [CAPACITY, 0, 0],
  };
}

async function extend(clients: Clients): Promise<Prepared> {
  const { caller, request } = await reserved(clients);
  const { reservationId } = request;
  return {
    send: async (to) => {
      const { reservation, serverTime } = await to["reservation-svc"].extendReservation(
        request,
        caller,
      );
      return { reservation, serverTime };
    },
    effect: async () => {
      const found = await clients["reservation-svc"].getReservation({ reservationId }, caller);
      return found.reservation?.extendCount;
    },
    once: 1,
  };
}

function onBehalfOf(userId: string) {
  return { headers: { "x-tessera-user-id": userId } };
}

/** What an entry was given; throws why not, as a single call does. */
export function given<C extends string, T>(
  outcome:
    | { case: C; value: T }
    | { case: "error"; value: EntryError }
    | { case: undefined; value?: undefined }
    | undefined,
): T {
  if (outcome === undefined || outcome.case === undefined) {
    throw new Error("the entry has no outcome");
  }
  if (outcome.case === "error") {
    throw fromEntryError(outcome.value as EntryError);
  }
  return outcome.value as T;
}
