import { SERVICES } from "@tessera/testkit/services";
import type { Random } from "../random.ts";
import type { World } from "../world/world.ts";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

const MINUTE_MS = 60_000;

/** One process has another idea of what time it is. */
export const CLOCK_FAULTS: readonly Fault[] = [
  {
    name: "clock-forward",
    title: "The clock of one process jumps ahead",
    part: "clock",
    lastsMs: [2_000, 6_000],
    mayCut: false,
    begin: async (world, random) =>
      await stepped(world, random, random.integer(2, 60) * MINUTE_MS, "ahead"),
  },
  {
    name: "clock-back",
    title: "The clock of one process jumps back",
    part: "clock",
    lastsMs: [2_000, 6_000],
    mayCut: false,
    begin: async (world, random) =>
      await stepped(world, random, -random.integer(2, 60) * MINUTE_MS, "back"),
  },
];

function stepped(world: World, random: Random, byMs: number, direction: string) {
  const replica = random.pick(SERVICES.flatMap((service) => world.replicas(service)));
  let isStepped = false;
  return breaking(
    `${replica.name} ${Math.abs(byMs) / MINUTE_MS} minutes ${direction}`,
    async () => {
      await replica.stepClock(byMs);
      isStepped = true;
    },
    async () => {
      // One that was taken away meanwhile has no clock any more.
      if (isStepped && world.replicas(replica.service).includes(replica)) {
        await replica.stepClock(-byMs);
      }
    },
  );
}
