import { rmSync } from "node:fs";
import { join } from "node:path";
import { findStoreBinaries } from "@tessera/testkit/stores/binaries";
import type { Children } from "@tessera/testkit/stores/children";
import { privateMysql } from "@tessera/testkit/stores/mysql-server";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { privateRedis } from "@tessera/testkit/stores/redis-server";
import { LoopDisk, unmountBelow } from "./disk.ts";
import type { World } from "./world.ts";

/** The stores of one world, which nobody else uses. */
export type Stores = Pick<World, "mysql" | "redis" | "lockNodes" | "disks">;

/** Room for a long run, and for MariaDB's own 200 MiB. */
const MYSQL_DISK_MIB = 1_536;
const REDIS_DISK_MIB = 256;

/** Starts MySQL, Redis, and so many more Redis nodes for locks, each below `folder`. */
export async function startStores(
  folder: string,
  children: Children,
  lockNodes: number,
): Promise<Stores> {
  const { mysql: binaries, redis: binary } = findStoreBinaries();
  if (binaries === undefined || binary === undefined) {
    throw new OperatorError("This needs mariadbd or mysqld, and redis-server or valkey-server.");
  }
  const disks = await mountDisks(folder);
  const mysqlIn = async (name: string) =>
    await privateMysql({
      binaries,
      children,
      name,
      folder: join(folder, name),
      bufferMib: 256,
      arguments: ["--loose-innodb-log-file-size=96M", "--loose-innodb-redo-log-capacity=96M"],
    });
  const redisIn = async (name: string) =>
    await privateRedis({ binary, children, name, folder: join(folder, name) });
  const [mysql, redis, ...nodes] = await Promise.all([
    mysqlIn("mysql"),
    redisIn("redis"),
    ...Array.from({ length: lockNodes }, (_unused, index) => redisIn(`lock-node-${index + 1}`)),
  ]);
  const stores = { mysql, redis, lockNodes: nodes, disks };
  try {
    await Promise.all([mysql, redis, ...nodes].map((server) => server.start()));
  } catch (reason) {
    await stopStores(stores);
    throw reason;
  }
  return stores;
}

/** Ends them all in an orderly way. */
export async function stopStores({ mysql, redis, lockNodes }: Stores): Promise<void> {
  await Promise.all([mysql, redis, ...lockNodes].map((server) => server.stop()));
}

/** Removes all that they wrote, in this run or in one that was killed. They must have ended. */
export async function eraseStores(folder: string): Promise<void> {
  await unmountBelow(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** Both or none. */
async function mountDisks(folder: string): Promise<World["disks"]> {
  const mysql = await LoopDisk.mount(join(folder, "mysql"), MYSQL_DISK_MIB);
  const redis = await LoopDisk.mount(join(folder, "redis"), REDIS_DISK_MIB);
  return mysql === undefined || redis === undefined ? undefined : { mysql, redis };
}
