import type { StoreServer } from "@tessera/testkit/stores/store-server";
import { breaking } from "./breaking.ts";
import type { Fault } from "./fault.ts";

/** What may happen to the processes of stores. */
export const STORE_FAULTS: readonly Fault[] = [
  {
    name: "kill-redis",
    title: "Redis is killed",
    part: "redis",
    lastsMs: [2_000, 6_000],
    mayCut: false,
    begin: async ({ redis }) => await killed("redis", redis),
  },
  {
    name: "pause-redis",
    title: "Redis is paused",
    part: "redis",
    lastsMs: [2_000, 6_000],
    mayCut: false,
    begin: async ({ redis }) => await paused("redis", redis),
  },
  {
    name: "kill-mysql",
    title: "MySQL is killed",
    part: "mysql",
    lastsMs: [500, 4_000],
    mayCut: false,
    begin: async ({ mysql }) => await killed("mysql", mysql),
  },
  {
    name: "pause-mysql",
    title: "MySQL is paused",
    part: "mysql",
    lastsMs: [1_000, 6_000],
    mayCut: false,
    begin: async ({ mysql }) => await paused("mysql", mysql),
  },
  {
    name: "kill-lock-node",
    title: "One of the nodes that vote on locks is killed",
    part: "lock-nodes",
    lastsMs: [2_000, 6_000],
    mayCut: false,
    needs: ({ lockNodes }) =>
      lockNodes.length === 0 ? "locks have no nodes of their own" : undefined,
    begin: async ({ lockNodes }, random) => {
      const index = random.integer(0, lockNodes.length - 1);
      const node = lockNodes[index];
      if (node === undefined) {
        throw new Error("there are no lock nodes");
      }
      return await killed(`lock node ${index + 1}`, node);
    },
  },
];

function killed(name: string, store: StoreServer) {
  return breaking(
    `${name} killed`,
    () => store.kill(),
    async () => {
      if (!store.isRunning) {
        await store.start();
      }
    },
  );
}

function paused(name: string, store: StoreServer) {
  return breaking(
    `${name} paused`,
    () => store.pause(),
    async () => store.signal("SIGCONT"),
  );
}
