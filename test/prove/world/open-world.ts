import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { prepareSchemas } from "@tessera/testkit/processes";
import { createSchemas, perSchema } from "@tessera/testkit/schemas";
import {
  programOf,
  SERVICES,
  type ServiceName,
  type SystemSettings,
  serviceEnv,
} from "@tessera/testkit/services";
import type { Children } from "@tessera/testkit/stores/children";
import { mysqlTypeOf } from "@tessera/testkit/stores/mysql-server";
import { TEST_ENV } from "../../test-env.ts";
import { closeNetwork, type Network, openNetwork, throughNetwork } from "./network.ts";
import { Replicas } from "./replicas.ts";
import { eraseStores, type Stores, startStores, stopStores } from "./stores.ts";
import { WallClock } from "./wall-clock.ts";
import type { World } from "./world.ts";

/** What a world is made of. */
export interface WorldOptions {
  /** Everything that it writes is below this folder, which it removes at its end. */
  folder: string;
  /** Keeps its processes; may keep others as well. */
  children: Children;
  /** How many processes of each service there are at first. Defaults to 2. */
  replicas?: Partial<Record<ServiceName, number>>;
  /** Redis nodes that vote on locks. Defaults to none: then the one Redis has them. */
  lockNodes?: 0 | 3;
  /** Modules that are loaded before a service's own, by service. */
  preloads?: Partial<Record<ServiceName, readonly string[]>>;
  /** More settings, or other ones, by service. */
  env?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
}

/** Opens what can be broken; what was opened before a failure is closed. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const { children } = options;
  const folder = resolve(options.folder);
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) {
      await closer();
    }
  };
  try {
    // An earlier run that was killed has left all of it.
    await eraseStores(folder);
    mkdirSync(folder, { recursive: true });
    closers.push(() => eraseStores(folder));
    const stores = await startStores(folder, children, options.lockNodes ?? 0);
    closers.push(() => stopStores(stores));
    const settings = await prepare(children, stores);
    const replicas: Replicas = new Replicas({
      folder,
      children,
      commandOf: (service) => commandOf(options, service),
      envOf: (service) => envOf(options, service, { settings, network, stores }),
    });
    const network = await openNetwork({
      portsOf: (service) => replicas.portsOf(service),
      mysqlPort: portOf(stores.mysql.url),
      redisPort: portOf(stores.redis.url),
    });
    closers.push(() => closeNetwork(Object.values(network)));
    // Registered last, so that they drain while there is still something to call.
    closers.push(() => replicas.close());
    closers.push(async () => healAll(network));
    await startAll(options, replicas);
    return {
      ...stores,
      url: `http://${network["client-bff"].address}`,
      mysqlUrls: settings.mysqlUrls,
      links: network,
      replicas: (service) => replicas.of(service),
      addReplica: (service) => replicas.add(service),
      removeReplica: (replica) => replicas.remove(replica),
      close,
    };
  } catch (reason) {
    await close();
    throw reason;
  }
}

/** Schemas with their accounts, migrated, and the organiser. */
async function prepare(children: Children, { mysql, redis }: Stores): Promise<SystemSettings> {
  const passwords = perSchema(() => randomBytes(12).toString("hex"));
  const settings: SystemSettings = {
    mysqlUrls: await createSchemas(mysql.url, { passwords }),
    mysqlType: await mysqlTypeOf(mysql.url),
    redisUrl: redis.url,
    keyEncryptionKey: randomBytes(32).toString("base64"),
    passSecret: randomBytes(24).toString("hex"),
    logLevel: "info",
  };
  await prepareSchemas(children, settings);
  return settings;
}

/** All at once, but the BFF, which reads the signing keys at its start. */
async function startAll({ replicas: counts = {} }: WorldOptions, replicas: Replicas) {
  const start = async (service: ServiceName) => {
    for (let count = 0; count < (counts[service] ?? 2); count += 1) {
      await replicas.add(service);
    }
  };
  await Promise.all(SERVICES.filter((service) => service !== "bff").map(start));
  await start("bff");
}

function commandOf({ preloads }: WorldOptions, service: ServiceName): string[] {
  const [node = "", ...rest] = programOf(service);
  const modules = [WallClock.preload, ...(preloads?.[service] ?? [])];
  return [node, ...modules.map((module) => `--import=${module}`), ...rest];
}

function envOf(
  options: WorldOptions,
  service: ServiceName,
  parts: { settings: SystemSettings; network: Network; stores: Stores },
): Record<string, string> {
  const { settings, addresses } = throughNetwork(service, parts.settings, parts.network);
  const lockUrls = parts.stores.lockNodes.map(({ url }) => url).join(",");
  return {
    ...serviceEnv(service, settings, addresses),
    ...TEST_ENV[service],
    ...(lockUrls === "" ? {} : { REDIS_LOCK_URLS: lockUrls }),
    ...options.env?.[service],
  };
}

function healAll(network: Network): void {
  for (const link of Object.values(network)) {
    link.heal();
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
