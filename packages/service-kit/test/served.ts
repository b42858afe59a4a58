import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type {
  GetEventRequest,
  InventoryService,
} from "@tessera/proto/inventory/v1/inventory_service_pb";
import type { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { ServiceError } from "../src/service-error.ts";

/** Answers a call to GetEvent. */
export type OnGetEvent = (
  request: GetEventRequest,
  context: HandlerContext,
) => Promise<{ event: { id: string } }>;

function notHere(): never {
  throw new ServiceError("UNIMPLEMENTED", "not here");
}

/** Another service, of which LeaveWaitingRoom and GetDraw alone do something. */
export function roomService(): ServiceImpl<typeof WaitingRoomService> {
  return {
    batchJoinWaitingRooms: notHere,
    batchPollPlaces: notHere,
    leaveWaitingRoom: () => ({}),
    getDraw: ({ eventId }) => ({ draw: { eventId } }),
    getDrawNumber: notHere,
  };
}

/** A service of the protos of which GetEvent alone does something. */
export function eventService(getEvent: OnGetEvent): ServiceImpl<typeof InventoryService> {
  return {
    createEvent: notHere,
    updateEvent: notHere,
    updateTicketType: notHere,
    getEvent,
    listEvents: notHere,
    getAvailability: notHere,
    batchAllocate: notHere,
    batchAllocateAcrossEvents: notHere,
    batchGetEvents: notHere,
    batchGetAvailability: notHere,
    batchGetAllocations: notHere,
    batchCommit: notHere,
    batchRelease: notHere,
    extendAllocation: notHere,
  };
}
