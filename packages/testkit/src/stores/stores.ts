import type { ChildProcess } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import {
  findStoreBinaries,
  MYSQL_TITLES,
  type MysqlBinaries,
  type StoreBinaries,
} from "./binaries.ts";
import type { Children } from "./children.ts";
import { ComposeStores, hasContainerEngine } from "./compose.ts";
import { canInstallPackages, installPackages } from "./debian-packages.ts";
import { type MysqlUse, mysqlTypeOf, pingMysql, privateMysql } from "./mysql-server.ts";
import { OperatorError } from "./operator-error.ts";
import { pingRedis, privateRedis } from "./redis-server.ts";
import type { StoreServer } from "./store-server.ts";

/** What the stores need to be found or started. */
export interface OpenStoresOptions {
  /** Everything private is kept below this folder. */
  folder: string;
  children: Children;
  /** Servers that exist already, with administrator's rights; nothing is started for them. */
  mysqlUrl?: string | undefined;
  redisUrl?: string | undefined;
  /** What a private MySQL is for. Defaults to "serving". */
  mysqlUse?: MysqlUse;
  /** Tells the person what goes on. */
  say: (text: string) => void;
  /** Given what stops what is no child process, before any of it is started. */
  onStop: (stop: () => Promise<void>) => void;
  /** Given each private server with its process, once it answers: to start it again if it dies. */
  onAnswer?: (server: StoreServer, child: ChildProcess) => void;
}

/** Both stores, answering. */
export interface Stores {
  /** With the right to create schemas and accounts. */
  mysqlUrl: string;
  mysqlType: "mysql" | "mariadb";
  redisUrl: string;
}

const WHAT_TO_DO =
  "Install MariaDB (or MySQL 8) and Redis, or start Docker, or set MYSQL_URL (an administrator's " +
  "mysql://user:password@host:port) and REDIS_URL (redis://host:port) to servers that you have.";

/**
 * Finds or starts MySQL and Redis: the servers named, else private ones from binaries on this
 * machine, which Debian's packages bring when root may install them, else containers.
 *
 * @throws OperatorError with the one thing to do, when there is no way.
 */
export async function openStores(options: OpenStoresOptions): Promise<Stores> {
  const { mysqlUrl, redisUrl } = options;
  checkAddress("MYSQL_URL", mysqlUrl, ["mysql:"], "mysql://user:password@host:port");
  checkAddress("REDIS_URL", redisUrl, ["redis:", "rediss:"], "redis://:password@host:port");
  mkdirSync(options.folder, { recursive: true });
  await Promise.all([
    mysqlUrl && waitFor("MYSQL_URL", () => pingMysql(mysqlUrl)),
    redisUrl && waitFor("REDIS_URL", () => pingRedis(redisUrl)),
  ]);
  const opened = await openMissing(options);
  return { ...opened, mysqlType: await mysqlTypeOf(opened.mysqlUrl) };
}

/** Throws away all that private stores below `folder` hold; they must be stopped. */
export async function eraseStores(folder: string): Promise<void> {
  await new ComposeStores(folder).erase();
  rmSync(folder, { recursive: true, force: true });
}

/**
 * The programs of both stores on this machine, installed where that is possible.
 *
 * @throws OperatorError with the one thing to do, when there is no way.
 */
export async function ownBinaries(
  say: (text: string) => void,
): Promise<{ mysql: MysqlBinaries; redis: string }> {
  const { mysql, redis } = await bringBinaries({ say });
  if (mysql === undefined || redis === undefined) {
    throw new OperatorError(
      "This needs programs of its own to stop and start: install MariaDB (or MySQL 8) and Redis.",
    );
  }
  return { mysql, redis };
}

async function openMissing(options: OpenStoresOptions): Promise<Omit<Stores, "mysqlType">> {
  const { mysqlUrl, redisUrl } = options;
  if (mysqlUrl && redisUrl) {
    return { mysqlUrl, redisUrl };
  }
  const binaries = await bringBinaries(options);
  if (isEnough(binaries, options)) {
    const [mysql, redis] = await Promise.all([
      mysqlUrl || startMysql(binaries, options),
      redisUrl || startRedis(binaries, options),
    ]);
    return { mysqlUrl: mysql, redisUrl: redis };
  }
  if (!hasContainerEngine()) {
    throw new OperatorError(`There is no MySQL or no Redis on this machine. ${WHAT_TO_DO}`);
  }
  options.say("Starting MariaDB and Redis in containers …");
  const compose = new ComposeStores(options.folder);
  options.onStop(() => compose.stop());
  const urls = await compose.start();
  const started = { mysqlUrl: mysqlUrl || urls.mysqlUrl, redisUrl: redisUrl || urls.redisUrl };
  await waitFor("MariaDB in its container", () => pingMysql(started.mysqlUrl));
  return started;
}

/** What no wait can mend is told at once; the address itself is not, for it holds a password. */
export function checkAddress(
  name: string,
  address: string | undefined,
  protocols: readonly string[],
  example: string,
): void {
  if (address && !protocols.includes(URL.parse(address)?.protocol ?? "")) {
    throw new OperatorError(`${name} must be an address such as ${example}.`);
  }
}

type Wanted = Pick<OpenStoresOptions, "mysqlUrl" | "redisUrl" | "say">;

/** The binaries on this machine, after installing what is missing where that is possible. */
async function bringBinaries(options: Wanted): Promise<StoreBinaries> {
  const found = findStoreBinaries();
  if (isEnough(found, options) || !canInstallPackages()) {
    return found;
  }
  const packages = [
    ...(found.mysql || options.mysqlUrl ? [] : ["mariadb-server"]),
    ...(found.redis || options.redisUrl ? [] : ["redis-server"]),
  ];
  try {
    await installPackages(packages, options.say);
  } catch (cause) {
    throw new OperatorError(`MySQL or Redis could not be installed. ${WHAT_TO_DO}`, { cause });
  }
  return findStoreBinaries();
}

function isEnough(binaries: StoreBinaries, { mysqlUrl, redisUrl }: Wanted): boolean {
  return Boolean((mysqlUrl || binaries.mysql) && (redisUrl || binaries.redis));
}

async function startMysql({ mysql }: StoreBinaries, options: OpenStoresOptions): Promise<string> {
  if (mysql === undefined) {
    throw new OperatorError(WHAT_TO_DO);
  }
  const { children, mysqlUse: use = "serving" } = options;
  const folder = join(options.folder, "mysql");
  const server = await privateMysql({ binaries: mysql, children, name: "mysql", folder, use });
  const child = await server.start();
  options.onAnswer?.(server, child);
  options.say(`${MYSQL_TITLES[mysql.type]} answers.`);
  return server.url;
}

async function startRedis({ redis }: StoreBinaries, options: OpenStoresOptions): Promise<string> {
  if (redis === undefined) {
    throw new OperatorError(WHAT_TO_DO);
  }
  const { children } = options;
  const folder = join(options.folder, "redis");
  const server = await privateRedis({ binary: redis, children, name: "redis", folder });
  const child = await server.start();
  options.onAnswer?.(server, child);
  options.say("Redis answers.");
  return server.url;
}

/**
 * A server that is being started elsewhere gets a moment.
 *
 * @throws OperatorError, one message, for one that is down.
 */
export async function waitFor(name: string, ping: () => Promise<void>): Promise<void> {
  const giveUpTime = Date.now() + 10_000;
  for (;;) {
    try {
      await ping();
      return;
    } catch (cause) {
      if (Date.now() > giveUpTime) {
        throw new OperatorError(`${name} does not answer: ${reasonOf(cause)}`, { cause });
      }
      await setTimeout(500);
    }
  }
}

/** A name with several addresses fails with one error for each, and no message of its own. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) {
    return cause.errors.map(reasonOf).join(", ");
  }
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
