import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { SERVICES } from "@tessera/testkit/services";
import { Redis } from "ioredis";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { sumIn } from "../../watch.ts";
import type { Replica, World } from "../world/world.ts";
import { timelyMetricsOf } from "./timely-metrics.ts";

/** What one process has taken from the machine. */
export interface ProcessFootprint {
  /** Such as "bff-1". */
  name: string;
  pid: number;
  /** Memory in MiB: resident, and of it used by JavaScript. */
  rssMib: number;
  heapMib: number;
  /** Open file descriptors, and those of them that are sockets. */
  files: number;
  sockets: number;
  /** Connections to MySQL that are in use, and callers that wait for one. */
  busyConnections: number;
  waitingCallers: number;
}

/** What all of it has taken at one moment; what was away is not in it. */
export interface Footprint {
  /** As `performance.now()` counts. */
  atMs: number;
  processes: readonly ProcessFootprint[];
  /** Connections of the services' accounts; undefined when MySQL did not answer. */
  mysqlConnections: number | undefined;
  /** Transactions that have been open for longer than a request may take. */
  oldTransactions: number | undefined;
  /** Connections to Redis; undefined when it did not answer. */
  redisClients: number | undefined;
  /** Locks of events that are held now. */
  locks: number | undefined;
}

/** How long a store may take to tell, in milliseconds. */
const DEADLINE_MS = 2_000;
/** Requests are over by then, and so are their transactions. */
const OLD_TRANSACTION_SECONDS = 15;
const MIB = 1024 ** 2;
const PAGE_BYTES = 4_096;

/** Looks at every process and every store, all at once. */
export async function footprintOf(world: World): Promise<Footprint> {
  const atMs = performance.now();
  const replicas = SERVICES.flatMap((service) => world.replicas(service));
  const [processes, mysql, redis, locks] = await Promise.all([
    Promise.all(replicas.map((replica) => orUndefined(() => ofProcess(replica)))),
    orUndefined(() => ofMysql(world.mysql.url)),
    orUndefined(() => ofRedis(world.redis.url)),
    orUndefined(() => locksOf(world.lockNodes[0]?.url ?? world.redis.url)),
  ]);
  return {
    atMs,
    processes: processes.filter((process) => process !== undefined),
    mysqlConnections: mysql?.connections,
    oldTransactions: mysql?.oldTransactions,
    redisClients: redis,
    locks,
  };
}

/** Looks again and again; a look that takes longer delays the next. */
export class FootprintSampler {
  readonly samples: Footprint[] = [];
  readonly #world: World;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<void> = Promise.resolve();

  /** Begins at once. */
  constructor(world: World, { everyMs = 1_000 } = {}) {
    this.#world = world;
    this.#everyMs = everyMs;
    this.#timer = setTimeout(() => this.#next(), 0);
  }

  /** Resolves when the last look is over. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#look;
  }

  #next(): void {
    this.#look = footprintOf(this.#world).then((footprint) => {
      this.samples.push(footprint);
      if (this.#timer !== undefined) {
        this.#timer = setTimeout(() => this.#next(), this.#everyMs);
      }
    });
  }
}

async function ofProcess({ name, process }: Replica): Promise<ProcessFootprint> {
  const { pid } = process;
  if (pid === undefined) {
    throw new Error(`${name} was never started`);
  }
  const metrics = await timelyMetricsOf(process);
  const files = filesOf(pid);
  return {
    name,
    pid,
    rssMib: residentBytes(pid) / MIB,
    heapMib: sumIn(metrics, "nodejs_heap_size_used_bytes") / MIB,
    files: files.length,
    sockets: files.filter((file) => file.startsWith("socket:")).length,
    busyConnections: sumIn(metrics, "tessera_mysql_pool_connections", 'state="busy"'),
    waitingCallers: sumIn(metrics, "tessera_mysql_pool_waiting"),
  };
}

function residentBytes(pid: number): number {
  const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
  return Number(pages) * PAGE_BYTES;
}

/** What each descriptor leads to; one that was closed meanwhile is left out. */
function filesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((file) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${file}`)];
    } catch {
      return [];
    }
  });
}

async function ofMysql(url: string) {
  const connection = await createConnection({ uri: url, connectTimeout: DEADLINE_MS });
  // A connection that breaks fails the statement that is under way.
  connection.on("error", () => undefined);
  const late = setTimeout(() => connection.destroy(), DEADLINE_MS);
  try {
    const [[row]] = await connection.query<RowDataPacket[]>(
      `SELECT
         (SELECT COUNT(*) FROM information_schema.processlist WHERE user LIKE '%tessera%')
           AS connections,
         (SELECT COUNT(*) FROM information_schema.innodb_trx
          WHERE trx_started < NOW() - INTERVAL ${OLD_TRANSACTION_SECONDS} SECOND)
           AS oldTransactions`,
    );
    return {
      connections: Number(row?.connections),
      oldTransactions: Number(row?.oldTransactions),
    };
  } finally {
    clearTimeout(late);
    connection.destroy();
  }
}

async function ofRedis(url: string): Promise<number> {
  return await withRedis(url, async (redis) => {
    const clients = /connected_clients:(\d+)/.exec(await redis.info("clients"))?.[1];
    // This one is not the system's.
    return Number(clients) - 1;
  });
}

async function locksOf(url: string): Promise<number> {
  return await withRedis(url, async (redis) => (await redis.keys("lock:*")).length);
}

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    commandTimeout: DEADLINE_MS,
    connectTimeout: DEADLINE_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Every command tells by itself.
  redis.on("error", () => undefined);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

async function orUndefined<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch {
    return undefined;
  }
}
