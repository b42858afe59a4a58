import type { PerSchema } from "@tessera/testkit/schemas";
import type { ServiceProcess } from "@tessera/testkit/service-process";
import type { ServiceName } from "@tessera/testkit/services";
import type { StoreServer } from "@tessera/testkit/stores/store-server";
import type { Link } from "./link.ts";

/** The network's pieces, each between a caller and what it calls. */
export const LINKS = [
  "client-bff",
  "bff-inventory",
  "bff-reservation",
  "bff-user",
  "reservation-inventory",
  "inventory-mysql",
  "reservation-mysql",
  "user-mysql",
  "reservation-redis",
  "bff-redis",
] as const;

/** One piece of the network. */
export type LinkName = (typeof LINKS)[number];

/** One process of a service. */
export interface Replica {
  service: ServiceName;
  /** Such as "reservation-svc-1"; never used again by another. */
  name: string;
  process: ServiceProcess;
  /**
   * Moves the clock on the wall of this process, and of nobody else, for good: it stays off when the
   * process is started again. Resolves when the process goes by it; rejects after 20 s.
   */
  stepClock(byMs: number): Promise<void>;
}

/** A small file system of its own, which can be full. */
export interface Disk {
  /** Not one block more can be had. */
  fill(): Promise<void>;
  /** There is room again. */
  free(): Promise<void>;
}

/** The whole system on one machine, every part of which can be broken. */
export interface World {
  /** Where clients send REST; answered by any BFF that is there. No slash at the end. */
  readonly url: string;
  /** The schemas with the services' accounts, past the network that can be broken. */
  readonly mysqlUrls: PerSchema;
  readonly mysql: StoreServer;
  /** What is not a lock alone; and the locks as well, when there are no nodes for them. */
  readonly redis: StoreServer;
  /** Independent nodes that vote on locks; empty when `redis` has them. */
  readonly lockNodes: readonly StoreServer[];
  /** What the stores write on; undefined where disks cannot be made: only root can, on Linux. */
  readonly disks: { readonly mysql: Disk; readonly redis: Disk } | undefined;
  readonly links: Readonly<Record<LinkName, Link>>;
  /** The processes that there are now, oldest first. */
  replicas(service: ServiceName): readonly Replica[];
  /** One more; resolves when it serves and is called. */
  addReplica(service: ServiceName): Promise<Replica>;
  /** One fewer: it drains and ends, as when Kubernetes takes a pod away. */
  removeReplica(replica: Replica): Promise<void>;
  /** Ends all of it, and removes what it wrote. */
  close(): Promise<void>;
}
