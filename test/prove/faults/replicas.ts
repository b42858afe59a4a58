import { SERVICES, type ServiceName } from "@tessera/testkit/services";
import type { Replica, World } from "../world/world.ts";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

/** Nothing is broken, and everything changes: what operators do in the middle of a sale. */
export const REPLICA_FAULTS: readonly Fault[] = [
  ...SERVICES.map(joinsAndLeaves),
  {
    name: "rolling-restart",
    title: "Every process is replaced, one after the other",
    part: "replicas",
    lastsMs: [1_000, 2_000],
    mayCut: false,
    begin: async (world) => {
      const rolling = rollAll(world);
      // Its failure is told when it is waited for.
      rolling.catch(() => undefined);
      return { what: "every process is being replaced", heal: () => rolling };
    },
  },
];

function joinsAndLeaves(service: ServiceName): Fault {
  return {
    name: `replica-joins-and-leaves-${service}`,
    title: `One more ${service} comes, and goes again`,
    part: "replicas",
    lastsMs: [2_000, 5_000],
    mayCut: false,
    begin: async (world) => {
      let joined: Replica | undefined;
      return await breaking(
        `one more ${service}`,
        async () => {
          joined = await world.addReplica(service);
        },
        async () => {
          if (joined !== undefined && world.replicas(service).includes(joined)) {
            await world.removeReplica(joined);
          }
        },
      );
    },
  };
}

/** As a Deployment does it: the new one serves before the old one is told to go. */
async function rollAll(world: World): Promise<void> {
  for (const service of SERVICES) {
    for (const old of [...world.replicas(service)]) {
      await world.addReplica(service);
      await world.removeReplica(old);
    }
  }
}
