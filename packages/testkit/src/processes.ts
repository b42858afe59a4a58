import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mysqlUrl } from "./mysql.ts";
import { createSchemas, dropSchemas, type PerSchema, perSchema, SCHEMAS } from "./schemas.ts";
import { ServiceProcess } from "./service-process.ts";
import {
  type Addresses,
  ORGANISER,
  programOf,
  SERVICES,
  type ServiceName,
  type SystemSettings,
  serviceEnv,
  toolEnv,
  treeOf,
} from "./services.ts";
import { findStoreBinaries } from "./stores/binaries.ts";
import { Children } from "./stores/children.ts";
import { mysqlTypeOf, privateMysql } from "./stores/mysql-server.ts";
import { freePort } from "./stores/ports.ts";
import { privateRedis, takeSlots } from "./stores/redis-server.ts";
import type { StoreServer } from "./stores/store-server.ts";

/** What a test wants to differ from one process of each service. */
export interface SystemOptions {
  /** How many processes; number n of one service calls number n of the next, round and round. */
  replicas?: Partial<Record<ServiceName, number>>;
  /**
   * More settings, or other ones, by service. LOG_LEVEL must let `info` pass: the ports are read
   * from the log.
   */
  env?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
  /** A MySQL of its own, that the test may stop; otherwise schemas of its own on the test server. */
  hasOwnMysql?: boolean;
}

/** The real services, running, with stores that no other test uses. */
export interface System {
  /** The processes of each service. */
  processes: Readonly<Record<ServiceName, readonly ServiceProcess[]>>;
  /** Where the n-th bff answers, without a slash at the end. */
  bffUrl: (index?: number) => string;
  /** The schemas, with the services' accounts. */
  mysqlUrls: PerSchema;
  /** The system's own Redis, which may be stopped and paused. */
  redis: StoreServer;
  /** The system's own MySQL, when it has one. */
  mysql: StoreServer | undefined;
  settings: SystemSettings;
}

/**
 * Runs the four services as processes for one test file, and stops them afterwards.
 *
 * Call it inside `describe`; read the result inside hooks and tests only. The logs of a failed
 * test are printed.
 */
export function useSystem(options: SystemOptions = {}): System {
  const opened = {} as System;
  let close: (() => Promise<void>) | undefined;
  before(async function () {
    this.timeout(120_000);
    close = await openSystem(options, opened);
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") {
      printLogs(opened);
    }
  });
  after(async () => {
    await close?.();
  });
  return opened;
}

/** A Redis for one test file, which the test may stop, pause and start again in place. */
export function useOwnRedis(): { server: StoreServer } {
  const opened = {} as { server: StoreServer };
  useFolder(async (folder, children) => {
    opened.server = await ownRedis(folder, children);
  });
  return opened;
}

/**
 * A node of a Redis Cluster for one test file, which has the slots of these keys and no others: it
 * refuses what any cluster refuses, such as a script that touches keys of other nodes.
 */
export function useOwnRedisCluster(keys: readonly string[]): { server: StoreServer } {
  const opened = {} as { server: StoreServer };
  useFolder(async (folder, children) => {
    const settings = [
      "cluster-enabled yes",
      "cluster-require-full-coverage no",
      `cluster-port ${await freePort()}`,
    ];
    opened.server = await ownRedis(folder, children, settings);
    await takeSlots(opened.server.url, keys);
  });
  return opened;
}

/** A MySQL for one test file, which the test may stop, pause and start again in place. */
export function useOwnMysql(): { server: StoreServer } {
  const opened = {} as { server: StoreServer };
  useFolder(async (folder, children) => {
    opened.server = await ownMysql(folder, children);
  });
  return opened;
}

/** A folder for one test file, and children that are stopped before it is removed. */
export function useFolder(open: (folder: string, children: Children) => Promise<void>): void {
  const folder = newFolder();
  const children = new Children(join(folder, "run"));
  before(async () => {
    await open(folder, children);
  });
  after(async () => {
    await children.stopAll();
    rmSync(folder, { recursive: true, force: true });
  });
}

/**
 * Fills `opened`; returns how to close it. What was opened before a failure is closed at once.
 *
 * {@link useSystem} does this for one test file.
 */
export async function openSystem(
  options: SystemOptions,
  opened: System,
): Promise<() => Promise<void>> {
  const folder = newFolder();
  const children = new Children(join(folder, "run"));
  const prefix = `t${randomBytes(4).toString("hex")}_`;
  const close = async () => {
    await children.stopAll();
    if (options.hasOwnMysql !== true) {
      await dropSchemas(mysqlUrl(), prefix);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const redis = await ownRedis(folder, children);
    const mysql = options.hasOwnMysql === true ? await ownMysql(folder, children) : undefined;
    const adminUrl = mysql?.url ?? mysqlUrl();
    const passwords = perSchema(() => randomBytes(12).toString("hex"));
    const settings: SystemSettings = {
      mysqlUrls: await createSchemas(adminUrl, { prefix, passwords }),
      mysqlType: await mysqlTypeOf(adminUrl),
      redisUrl: redis.url,
      keyEncryptionKey: randomBytes(32).toString("base64"),
      passSecret: randomBytes(24).toString("hex"),
      logLevel: "info",
    };
    await prepareSchemas(children, settings);
    const processes = await startServices(options, { folder, children, settings });
    const bffUrl = (index = 0) => `http://127.0.0.1:${processes.bff[index]?.port("port")}`;
    const { mysqlUrls } = settings;
    Object.assign(opened, { processes, bffUrl, mysqlUrls, redis, mysql, settings });
    return close;
  } catch (reason) {
    await close();
    throw reason;
  }
}

/** Migrates all schemas and makes the organiser, who is {@link ORGANISER}. */
export async function prepareSchemas(children: Children, settings: SystemSettings): Promise<void> {
  const stdio = ["ignore", "ignore", "inherit"] as const;
  await Promise.all(
    SCHEMAS.map((schema) =>
      children.run(`migrate-${schema}`, programOf(`${schema}-svc`, "migrate.ts"), {
        env: toolEnv(schema, settings),
        stdio: [...stdio],
        order: 0,
      }),
    ),
  );
  await children.run("seed-organiser", programOf("user-svc", "seed-organiser.ts"), {
    env: {
      ...toolEnv("user", settings),
      ORGANISER_EMAIL: ORGANISER.email,
      ORGANISER_PASSWORD: ORGANISER.password,
      ORGANISER_NAME: "The Organiser",
    },
    stdio: [...stdio],
    order: 0,
  });
}

/** Starts each service when what it calls serves, so that its ports are known. */
async function startServices(
  options: SystemOptions,
  started: { folder: string; children: Children; settings: SystemSettings },
): Promise<Record<ServiceName, ServiceProcess[]>> {
  const processes: Record<ServiceName, ServiceProcess[]> = {
    "inventory-svc": [],
    "user-svc": [],
    "reservation-svc": [],
    bff: [],
  };
  const begin = async (service: ServiceName) => {
    const all = Array.from(
      { length: options.replicas?.[service] ?? 1 },
      (_unused, index) =>
        new ServiceProcess({
          children: started.children,
          name: `${service}-${index}`,
          command: programOf(service, "main.ts", treeOf(service, index)),
          env: {
            ...serviceEnv(service, started.settings, addressesFor(processes, index)),
            ...{ GRPC_PORT: "0", HTTP_PORT: "0", PORT: "0", ADMIN_PORT: "0" },
            ...options.env?.[service],
          },
          logFile: join(started.folder, `${service}-${index}.log`),
        }),
    );
    await Promise.all(all.map((one) => one.start()));
    // Only now can the others be told where they are.
    processes[service].push(...all);
  };
  await Promise.all([begin("inventory-svc"), begin("user-svc")]);
  await begin("reservation-svc");
  await begin("bff");
  return processes;
}

function addressesFor(
  processes: Record<ServiceName, readonly ServiceProcess[]>,
  index: number,
): Addresses {
  const addressOf = (service: ServiceName) => {
    const all = processes[service];
    const port = all[index % Math.max(1, all.length)];
    return port === undefined ? "127.0.0.1:1" : `127.0.0.1:${port.port("grpcPort")}`;
  };
  return {
    inventory: addressOf("inventory-svc"),
    reservation: addressOf("reservation-svc"),
    user: addressOf("user-svc"),
  };
}

/** Prints the last lines of each process's log. */
export function printLogs(system: Partial<System>): void {
  for (const service of SERVICES) {
    for (const one of system.processes?.[service] ?? []) {
      process.stderr.write(`--- ${one.name}, last lines ---\n${one.lastLines(15)}\n`);
    }
  }
}

async function ownRedis(
  folder: string,
  children: Children,
  settings: readonly string[] = [],
): Promise<StoreServer> {
  const { redis: binary } = findStoreBinaries();
  if (binary === undefined) {
    throw new Error("tests that stop Redis need redis-server or valkey-server on this machine");
  }
  const place = join(folder, "redis");
  const server = await privateRedis({ binary, children, name: "redis", folder: place, settings });
  await server.start();
  return server;
}

async function ownMysql(folder: string, children: Children): Promise<StoreServer> {
  const { mysql: binaries } = findStoreBinaries();
  if (binaries === undefined) {
    throw new Error("tests that stop MySQL need mariadbd or mysqld on this machine");
  }
  const place = join(folder, "mysql");
  const options = { binaries, children, name: "mysql", folder: place, bufferMib: 64 };
  const server = await privateMysql(options);
  await server.start();
  return server;
}

/** The test command names a folder that it sweeps, should this process be killed. */
function newFolder(): string {
  // biome-ignore lint/style/noProcessEnv: the test command passes the folder this way.
  return mkdtempSync(join(process.env.TEST_WORK_FOLDER ?? tmpdir(), "tessera-test-"));
}
