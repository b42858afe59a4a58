import { CLOCK_FAULTS } from "./clocks.ts";
import { CONNECTIONS_USED_UP } from "./connections.ts";
import { DISK_FAULTS } from "./disks.ts";
import type { Fault } from "./fault.ts";
import { LOCK_HOLDER_PAUSED } from "./lock-holder.ts";
import { MIGRATION_UNDER_LOAD } from "./migration.ts";
import { NETWORK_FAULTS, PINNED_NETWORK_FAULTS } from "./network.ts";
import { PROCESS_FAULTS } from "./processes.ts";
import { REPLICA_FAULTS } from "./replicas.ts";
import { POOL_EXHAUSTED } from "./row-locks.ts";
import { STORE_FAULTS } from "./stores.ts";

/** Everything that breaks. */
export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...STORE_FAULTS,
  ...DISK_FAULTS,
  LOCK_HOLDER_PAUSED,
  ...NETWORK_FAULTS,
  ...CLOCK_FAULTS,
  POOL_EXHAUSTED,
  CONNECTIONS_USED_UP,
  ...REPLICA_FAULTS,
  MIGRATION_UNDER_LOAD,
];

/** The fault of this name, be it one of {@link FAULTS} or, as `net-drop@bff-user`, of one link. */
export function faultNamed(name: string): Fault | undefined {
  return [...FAULTS, ...PINNED_NETWORK_FAULTS].find((fault) => fault.name === name);
}
