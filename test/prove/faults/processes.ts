import { SERVICES, type ServiceName } from "@tessera/testkit/services";
import type { Replica, World } from "../world/world.ts";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

/** What may happen to the processes of services, whose replicas do without them meanwhile. */
export const PROCESS_FAULTS: readonly Fault[] = [
  ...SERVICES.map(killed),
  ...(["inventory-svc", "reservation-svc"] as const).map(allKilled),
  ...SERVICES.map(paused),
];

/** One replica dies; it is started again when something watches over it. */
function killed(service: ServiceName): Fault {
  return {
    name: `kill-${service}`,
    title: `One ${service} is killed`,
    part: service,
    lastsMs: [500, 4_000],
    mayCut: service === "bff",
    begin: async (world, random) => {
      const replica = random.pick(world.replicas(service));
      return await breaking(
        `${replica.name} killed`,
        () => replica.process.kill(),
        () => startAgain(world, replica),
      );
    },
  };
}

/** Nobody is left to do it. */
function allKilled(service: ServiceName): Fault {
  return {
    name: `kill-all-${service}`,
    title: `Every ${service} is killed at once`,
    part: service,
    lastsMs: [500, 4_000],
    mayCut: service === "bff",
    begin: async (world) => {
      const all = world.replicas(service);
      return await breaking(
        `${all.map(({ name }) => name).join(", ")} killed`,
        () => Promise.all(all.map(({ process }) => process.kill())),
        () => Promise.all(all.map((replica) => startAgain(world, replica))),
      );
    },
  };
}

/** Connections to it stay open, and nothing comes back through them. */
function paused(service: ServiceName): Fault {
  return {
    name: `pause-${service}`,
    title: `One ${service} is paused`,
    part: service,
    lastsMs: [1_000, 6_000],
    mayCut: service === "bff",
    begin: async (world, random) => {
      const replica = random.pick(world.replicas(service));
      return await breaking(
        `${replica.name} paused`,
        () => replica.process.pause(),
        async () => replica.process.signal("SIGCONT"),
      );
    },
  };
}

/** Unless it was taken away meanwhile, or somebody else has started it. */
async function startAgain(world: World, replica: Replica): Promise<void> {
  const isWanted = () => world.replicas(replica.service).includes(replica);
  if (!isWanted() || replica.process.isRunning) {
    return;
  }
  try {
    await replica.process.start();
  } catch (reason) {
    // It was told to go before it had come to serve.
    if (isWanted()) {
      throw reason;
    }
  }
}
