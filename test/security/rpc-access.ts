import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { CallOptions, Client } from "@connectrpc/connect";
import type { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import type { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import type { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import type { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { given } from "../mutations.ts";
import type { Cast } from "./cast.ts";
import { claimsOf } from "./jwt.ts";

/** Who tries, and whom they try it with. */
export interface Stage extends Cast {
  inventory: Client<typeof InventoryService>;
  reservations: Client<typeof ReservationService>;
  rooms: Client<typeof WaitingRoomService>;
  users: Client<typeof UserService>;
}

/**
 * Sends a call on behalf of a user; `options` carry the same user as the BFF's claim. Rejects when
 * it is refused, be it as an entry of a batch.
 */
type Send = (userId: string, options: CallOptions) => Promise<unknown>;

/** On whose behalf an RPC acts, and how it knows. */
export type RpcAccess =
  | {
      user: "in metadata" | "in the message";
      /** What another user gets: a reason, or OK for what is then the stranger's own. */
      stranger: string;
      /** What the owner gets; OK unless said otherwise. */
      owner?: string;
      /** Whose it is. Defaults to the owner of the cast. */
      ownedBy?: "organiser";
      /** Makes something of the owner's, and the call that is about it. */
      prepare: (stage: Stage) => Promise<Send>;
    }
  | {
      user: "none";
      because: "everybody may know it" | "a secret in it says who it is" | "it is between services";
    };

const PUBLIC = { user: "none", because: "everybody may know it" } as const;
const SECRET = { user: "none", because: "a secret in it says who it is" } as const;
/** Names an allocation by its id; what may become of it, reservation-svc has decided. */
const INTERNAL = { user: "none", because: "it is between services" } as const;

/** Every RPC of every service. */
export const RPCS: Readonly<Record<string, RpcAccess>> = {
  "InventoryService.CreateEvent": {
    user: "in the message",
    stranger: "OK",
    prepare: async ({ inventory }) => {
      return (organiserId) =>
        inventory.createEvent({ requestId: randomUUID(), event: newEvent(organiserId) });
    },
  },
  "InventoryService.UpdateEvent": {
    user: "in the message",
    stranger: "EVENT_NOT_FOUND",
    ownedBy: "organiser",
    prepare: async ({ inventory, event }) => {
      const requestId = randomUUID();
      const updateMask = { paths: ["hold_seconds"] };
      return (organiserId) =>
        inventory.updateEvent({
          ...{ requestId, organiserId, updateMask },
          event: { id: event.id, holdSeconds: 500 },
        });
    },
  },
  "InventoryService.UpdateTicketType": {
    user: "in the message",
    stranger: "EVENT_NOT_FOUND",
    ownedBy: "organiser",
    prepare: async ({ inventory, event }) => {
      const requestId = randomUUID();
      const ticketType = { id: event.types[0] ?? "", capacity: 100 };
      return (organiserId) =>
        inventory.updateTicketType({ requestId, organiserId, eventId: event.id, ticketType });
    },
  },
  "InventoryService.GetEvent": PUBLIC,
  "InventoryService.BatchGetEvents": PUBLIC,
  "InventoryService.ListEvents": PUBLIC,
  "InventoryService.GetAvailability": PUBLIC,
  "InventoryService.BatchGetAvailability": PUBLIC,
  "InventoryService.BatchAllocate": {
    user: "in the message",
    stranger: "ALLOCATION_CONFLICT",
    prepare: async (stage) => {
      const batchFor = await allocated(stage);
      return async (userId) => {
        const { results } = await stage.inventory.batchAllocate(batchFor(userId));
        return given(results[0]?.outcome);
      };
    },
  },
  "InventoryService.BatchAllocateAcrossEvents": {
    user: "in the message",
    stranger: "ALLOCATION_CONFLICT",
    prepare: async (stage) => {
      const batchFor = await allocated(stage);
      return async (userId) => {
        const batches = [batchFor(userId)];
        const { results } = await stage.inventory.batchAllocateAcrossEvents({ batches });
        return given(given(results[0]?.outcome).results[0]?.outcome);
      };
    },
  },
  "InventoryService.BatchGetAllocations": INTERNAL,
  "InventoryService.BatchCommit": INTERNAL,
  "InventoryService.BatchRelease": INTERNAL,
  "InventoryService.ExtendAllocation": INTERNAL,
  "ReservationService.BatchCreateReservations": {
    user: "in the message",
    stranger: "OK",
    prepare: async ({ reservations, event }) => {
      const items = [{ ticketTypeId: event.types[0] ?? "", quantity: 1 }];
      return async (userId) => {
        const entry = { requestId: randomUUID(), userId, eventId: event.id, items };
        const { results } = await reservations.batchCreateReservations({ entries: [entry] });
        return given(results[0]?.outcome);
      };
    },
  },
  "ReservationService.BatchConfirmReservations": {
    user: "in the message",
    stranger: "RESERVATION_NOT_FOUND",
    prepare: async (stage) => {
      const wish = { ...(await reserved(stage)), paymentReference: "pay" };
      return async (userId) => {
        const entries = [{ ...wish, userId }];
        const { results } = await stage.reservations.batchConfirmReservations({ entries });
        return given(results[0]?.outcome);
      };
    },
  },
  "ReservationService.CancelReservation": ofReservation(({ reservations }, wish) => {
    return (_userId, options) => reservations.cancelReservation(wish, options);
  }),
  "ReservationService.ExtendReservation": ofReservation(({ reservations }, wish) => {
    return (_userId, options) => reservations.extendReservation(wish, options);
  }),
  "ReservationService.GetReservation": ofReservation(({ reservations }, { reservationId }) => {
    return (_userId, options) => reservations.getReservation({ reservationId }, options);
  }),
  "ReservationService.BatchGetReservations": {
    user: "in the message",
    stranger: "RESERVATION_NOT_FOUND",
    prepare: async (stage) => {
      const { reservationId } = await reserved(stage);
      return async (userId) => {
        const entries = [{ userId, reservationId }];
        const { results } = await stage.reservations.batchGetReservations({ entries });
        return given(results[0]?.outcome);
      };
    },
  },
  "ReservationService.BatchListReservations": {
    user: "in the message",
    stranger: "OK",
    prepare: async ({ reservations }) => {
      return async (userId) => {
        const { results } = await reservations.batchListReservations({ entries: [{ userId }] });
        return given(results[0]?.outcome);
      };
    },
  },
  "ReservationService.ListReservations": {
    user: "in metadata",
    stranger: "OK",
    prepare: async ({ reservations }) => {
      return (_userId, options) => reservations.listReservations({}, options);
    },
  },
  "WaitingRoomService.BatchJoinWaitingRooms": {
    user: "in the message",
    stranger: "OK",
    prepare: async ({ rooms, early }) => {
      return async (userId) => {
        const entries = [{ userId, eventId: early.id }];
        return given((await rooms.batchJoinWaitingRooms({ entries })).results[0]?.outcome);
      };
    },
  },
  "WaitingRoomService.BatchPollPlaces": {
    user: "in the message",
    stranger: "PLACE_NOT_FOUND",
    prepare: async (stage) => {
      const { rooms } = stage;
      const eventId = await joined(stage);
      return async (userId) => {
        const { results } = await rooms.batchPollPlaces({ entries: [{ userId, eventId }] });
        return given(results[0]?.outcome);
      };
    },
  },
  "WaitingRoomService.LeaveWaitingRoom": {
    user: "in metadata",
    stranger: "OK",
    prepare: async (stage) => {
      const eventId = await joined(stage);
      return (_userId, options) => stage.rooms.leaveWaitingRoom({ eventId }, options);
    },
  },
  "WaitingRoomService.GetDraw": PUBLIC,
  // Before the draw, nobody has a number.
  "WaitingRoomService.GetDrawNumber": {
    user: "in metadata",
    stranger: "DRAW_NOT_YET",
    owner: "DRAW_NOT_YET",
    prepare: async (stage) => {
      const eventId = await joined(stage);
      return (_userId, options) => stage.rooms.getDrawNumber({ eventId }, options);
    },
  },
  "UserService.CreateUser": SECRET,
  "UserService.GetUser": {
    user: "in the message",
    stranger: "OK",
    prepare: async ({ users }) => {
      return (userId) => users.getUser({ userId });
    },
  },
  "UserService.CreateSession": SECRET,
  "UserService.RefreshSession": SECRET,
  // Another's session is left as it is: user-svc/test/sessions.it.test.ts.
  "UserService.DeleteSession": {
    user: "in the message",
    stranger: "OK",
    prepare: async ({ users, owner }) => {
      const sessionId = String(claimsOf(owner.token).sid);
      return (userId) => users.deleteSession({ userId, sessionId });
    },
  },
  "UserService.ListSigningKeys": PUBLIC,
};

interface Wish {
  requestId: string;
  reservationId: string;
}

function ofReservation(sender: (stage: Stage, wish: Wish) => Send): RpcAccess {
  return {
    user: "in metadata",
    stranger: "RESERVATION_NOT_FOUND",
    prepare: async (stage) => sender(stage, await reserved(stage)),
  };
}

async function reserved({ owner, event }: Stage): Promise<Wish> {
  const { body, text } = await owner.reserve(event);
  if (body.id === undefined) {
    throw new Error(`not reserved: ${text}`);
  }
  return { requestId: randomUUID(), reservationId: body.id };
}

/** An allocation of the owner's; returns the call that asks for it, as a user. */
async function allocated({ inventory, owner, event }: Stage) {
  const items = [{ ticketTypeId: event.types[0] ?? "", quantity: 1 }];
  const allocationId = randomUUID();
  const batchFor = (userId: string) => {
    return { eventId: event.id, entries: [{ allocationId, userId, items }] };
  };
  await inventory.batchAllocate(batchFor(owner.userId));
  return batchFor;
}

/** A room where the owner has a place and the stranger has none. */
async function joined({ rooms, owner, stranger, early }: Stage): Promise<string> {
  const eventId = early.id;
  const headers = { "x-tessera-user-id": stranger.userId };
  await rooms.leaveWaitingRoom({ eventId }, { headers });
  await rooms.batchJoinWaitingRooms({ entries: [{ userId: owner.userId, eventId }] });
  return eventId;
}

function newEvent(organiserId: string) {
  return {
    organiserId,
    name: "An event",
    venue: "A hall",
    startTime: timestampFromMs(Date.now() + 864e5),
    salesOpenTime: timestampFromMs(Date.now()),
    salesCloseTime: timestampFromMs(Date.now() + 36e5),
    ticketTypes: [{ name: "Only", price: { amountMinor: 100n, currencyCode: "EUR" }, capacity: 1 }],
  };
}
