import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { Children } from "./children.ts";
import { rememberedPort } from "./ports.ts";
import { rememberedSecret, StoreServer } from "./store-server.ts";

/** Where and how a private Redis is run. */
export interface PrivateRedisOptions {
  /** The path of redis-server or valkey-server. */
  binary: string;
  children: Children;
  name: string;
  /** Everything it keeps is below this folder. */
  folder: string;
}

/** Makes a private Redis with an append-only file, on a free port of 127.0.0.1; not started yet. */
export async function privateRedis(options: PrivateRedisOptions): Promise<StoreServer> {
  const { binary, children, name, folder } = options;
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  const port = await rememberedPort(join(folder, "port"));
  const password = rememberedSecret(join(folder, "password"));
  const configFile = join(folder, "redis.conf");
  // A file, because everybody on the machine can read a command line.
  writeFileSync(configFile, config({ port, password, data }), { mode: 0o600 });
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
  // The failure that matters is the one of connect() or ping().
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}

function config({ port, password, data }: { port: number; password: string; data: string }) {
  return [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(data)}`,
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "daemonize no",
    "",
  ].join("\n");
}
