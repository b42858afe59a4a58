import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InventoryService } from "@tessera/proto/inventory/v1/inventory_service_pb";
import { ReservationService } from "@tessera/proto/reservation/v1/reservation_service_pb";
import { WaitingRoomService } from "@tessera/proto/reservation/v1/waiting_room_service_pb";
import { UserService } from "@tessera/proto/user/v1/user_service_pb";
import { ROOT } from "@tessera/testkit/services";

/** A method as the proto declares it. */
export interface Method {
  /** The workload that serves it. */
  workload: string;
  /** The service's full name, a slash, and the method's. */
  name: string;
  /** Whether the proto says that it may be delivered twice. */
  isIdempotent: boolean;
}

/** The level of a method that does not say. */
const IDEMPOTENCY_UNKNOWN = 0;

const SERVED = [
  { workload: "inventory-svc", services: [InventoryService] },
  { workload: "reservation-svc", services: [ReservationService, WaitingRoomService] },
  { workload: "user-svc", services: [UserService] },
];

/** Every method of every service. */
export const METHODS: readonly Method[] = SERVED.flatMap(({ workload, services }) =>
  services.flatMap(({ typeName, methods }) =>
    methods.map(({ name, idempotency }) => ({
      workload,
      name: `${typeName}/${name}`,
      isIdempotent: idempotency !== IDEMPOTENCY_UNKNOWN,
    })),
  ),
);

/** What the protos declare, and nobody is said to serve. */
export function unservedServices(): string[] {
  const known = SERVED.flatMap(({ services }) => services.map(({ name }): string => name));
  const texts = globSync(join(ROOT, "proto", "tessera", "**", "*.proto")).map((path) =>
    readFileSync(path, "utf8"),
  );
  return texts
    .flatMap((text) => [...text.matchAll(/^service (\w+)/gm)].map(([, name = ""]) => name))
    .filter((name) => !known.includes(name));
}
