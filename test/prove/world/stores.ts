import { join } from "node:path";
import { findStoreBinaries } from "@tessera/testkit/stores/binaries";
import type { Children } from "@tessera/testkit/stores/children";
import { privateMysql } from "@tessera/testkit/stores/mysql-server";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { privateRedis } from "@tessera/testkit/stores/redis-server";
import type { StoreServer } from "@tessera/testkit/stores/store-server";

/** The stores of one world, which nobody else uses. */
export interface Stores {
  mysql: StoreServer;
  redis: StoreServer;
  lockNodes: readonly StoreServer[];
}

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
  const redisIn = async (name: string) => {
    const server = await privateRedis({ binary, children, name, folder: join(folder, name) });
    await server.start();
    return server;
  };
  const mysqlIn = async (name: string) => {
    const place = join(folder, name);
    const log = ["--loose-innodb-log-file-size=96M", "--loose-innodb-redo-log-capacity=96M"];
    const options = { binaries, children, name, folder: place, bufferMib: 256, arguments: log };
    const server = await privateMysql(options);
    await server.start();
    return server;
  };
  const [mysql, redis, ...nodes] = await Promise.all([
    mysqlIn("mysql"),
    redisIn("redis"),
    ...Array.from({ length: lockNodes }, (_unused, index) => redisIn(`lock-node-${index + 1}`)),
  ]);
  return { mysql, redis, lockNodes: nodes };
}

/** Ends them all in an orderly way. */
export async function stopStores({ mysql, redis, lockNodes }: Stores): Promise<void> {
  await Promise.all([mysql, redis, ...lockNodes].map((server) => server.stop()));
}
