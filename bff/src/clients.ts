import { type Client, createClient } from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { GrpcTransport } from "@tessera/service-kit/grpc-client";
import type { Config } from "./config.ts";

/** The services that the BFF speaks for. */
export interface Clients {
  inventory: Client<typeof InventoryService>;
  reservation: Client<typeof ReservationService>;
  /** Served by reservation-svc, over the same connection. */
  waitingRoom: Client<typeof WaitingRoomService>;
  user: Client<typeof UserService>;
}

/** How to reach them. */
type Settings = Pick<
  Config,
  "inventoryAddress" | "reservationAddress" | "userAddress" | "rpcTimeoutMs"
>;

/** One gRPC connection to each service; none is opened before its first call. */
export function connectClients(settings: Settings): { clients: Clients; close: () => void } {
  const transportTo = (address: string) =>
    new GrpcTransport({ address, defaultTimeoutMs: settings.rpcTimeoutMs });
  const inventory = transportTo(settings.inventoryAddress);
  const reservation = transportTo(settings.reservationAddress);
  const user = transportTo(settings.userAddress);
  return {
    clients: {
      inventory: createClient(InventoryService, inventory),
      reservation: createClient(ReservationService, reservation),
      waitingRoom: createClient(WaitingRoomService, reservation),
      user: createClient(UserService, user),
    },
    close: () => {
      inventory.close();
      reservation.close();
      user.close();
    },
  };
}
