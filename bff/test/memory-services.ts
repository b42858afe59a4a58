import type { DescService } from "@bufbuild/protobuf";
import {
  type Client,
  createClient,
  createRouterTransport,
  type Interceptor,
  type ServiceImpl,
} from "@connectrpc/connect";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { toConnectError } from "@tessera/service-kit/connect-error";
import type { Clients } from "../src/clients.ts";
import { makeKey } from "./key-ring.ts";
import { MemoryInventory } from "./memory-inventory.ts";
import { MemoryReservations } from "./memory-reservations.ts";
import { MemoryUsers } from "./memory-users.ts";
import { MemoryWaitingRooms } from "./memory-waiting-rooms.ts";

/** One RPC that arrived. */
export interface Call {
  method: string;
  headers: Headers;
  message: unknown;
}

/** The services in memory, what they were asked, and how to make them fail. */
export class MemoryServices {
  readonly inventory = new MemoryInventory();
  readonly reservations = new MemoryReservations();
  readonly waitingRooms = new MemoryWaitingRooms(this.inventory);
  readonly users: MemoryUsers;
  readonly calls: Call[] = [];
  /** Runs before the RPC of that name; it may wait, and it may throw. */
  readonly before = new Map<string, (signal: AbortSignal) => unknown>();

  private constructor(users: MemoryUsers) {
    this.users = users;
  }

  /** Makes the services, with one signing key. */
  static async open(): Promise<MemoryServices> {
    return new MemoryServices(new MemoryUsers(await makeKey("key-1")));
  }

  /** Clients of the services, with real serialization and no port. */
  clients(timeoutMs: number): Clients {
    return {
      inventory: this.#clientOf(InventoryService, this.inventory.service, timeoutMs),
      reservation: this.#clientOf(ReservationService, this.reservations.service, timeoutMs),
      waitingRoom: this.#clientOf(WaitingRoomService, this.waitingRooms.service, timeoutMs),
      user: this.#clientOf(UserService, this.users.service, timeoutMs),
    };
  }

  /** What arrived for one method. */
  callsOf(method: string): Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  #clientOf<S extends DescService>(
    service: S,
    implementation: ServiceImpl<S>,
    timeoutMs: number,
  ): Client<S> {
    const transport = createRouterTransport(
      (router) => void router.service(service, implementation),
      {
        transport: { defaultTimeoutMs: timeoutMs },
        router: { interceptors: [this.interceptor] },
      },
    );
    return createClient(service, transport);
  }

  /** Notes every call, and lets failures leave as services send them. */
  readonly interceptor: Interceptor = (next) => async (request) => {
    const method = request.method.localName;
    const message = request.stream ? undefined : request.message;
    this.calls.push({ method, headers: request.header, message });
    try {
      await this.before.get(method)?.(request.signal);
      return await next(request);
    } catch (thrown) {
      throw toConnectError(thrown, "memory.tessera");
    }
  };
}
