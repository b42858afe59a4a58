import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { until } from "../until.ts";
import type { Children } from "./children.ts";
import { rememberedPort } from "./ports.ts";
import { rememberedSecret, StoreServer } from "./store-server.ts";

/** How long a node may take to make a cluster, in milliseconds. */
const CLUSTER_DEADLINE_MS = 20_000;

/** Where and how a private Redis is run. */
export interface PrivateRedisOptions {
  /** The path of redis-server or valkey-server. */
  binary: string;
  children: Children;
  name: string;
  /** Everything it keeps is below this folder. */
  folder: string;
  /** More lines of its configuration. */
  settings?: readonly string[];
}

/** Makes a private Redis with an append-only file, on a free port of 127.0.0.1; not started yet. */
export async function privateRedis(options: PrivateRedisOptions): Promise<StoreServer> {
  const { binary, children, name, folder, settings = [] } = options;
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  const port = await rememberedPort(join(folder, "port"));
  const password = rememberedSecret(join(folder, "password"));
  const configFile = join(folder, "redis.conf");
  // A file, because everybody on the machine can read a command line.
  writeFileSync(configFile, config({ port, password, data }, settings), { mode: 0o600 });
  return new StoreServer({
    children,
    name,
    command: [binary, configFile],
    logFile: join(folder, "server.log"),
    url: `redis://:${password}@127.0.0.1:${port}`,
    ping: pingRedis,
    remedy: `Its data is in ${folder}. "npm start -- --fresh" throws it away and begins again.`,
  });
}

/** Resolves when the server at `url` answers and has loaded its data. */
export async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // What connect() rejects with says only that the connection is closed; this says why.
  let why: unknown;
  redis.on("error", (error) => {
    why = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (cause) {
    throw why ?? cause;
  } finally {
    redis.disconnect();
  }
}

/** Gives a cluster's node at `url` the slots of these keys; resolves when it can be written to. */
export async function takeSlots(url: string, keys: readonly string[]): Promise<void> {
  const redis = new Redis(url, { commandTimeout: 2_000 });
  redis.on("error", () => undefined);
  try {
    const slots = await Promise.all(keys.map((key) => redis.call("CLUSTER", "KEYSLOT", key)));
    await redis.call("CLUSTER", "ADDSLOTS", ...new Set(slots as number[]));
    // A node that has just joined refuses to be written to for two seconds.
    await until("the node joins", () => isWritable(redis, keys), {
      patienceMs: CLUSTER_DEADLINE_MS,
    });
  } finally {
    redis.disconnect();
  }
}

async function isWritable(redis: Redis, [key = ""]: readonly string[]): Promise<boolean> {
  return await redis.del(key).then(
    () => true,
    () => false,
  );
}

function config(
  { port, password, data }: { port: number; password: string; data: string },
  settings: readonly string[],
): string {
  return [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(data)}`,
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    // A waiting room of a million ends at once: to free it must not hold everybody up.
    "lazyfree-lazy-expire yes",
    "daemonize no",
    ...settings,
    "",
  ].join("\n");
}
