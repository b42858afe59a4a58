import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createSchemas, type PerSchema, SCHEMAS } from "@tessera/testkit/schemas";
import { ServiceProcess } from "@tessera/testkit/service-process";
import {
  ORGANISER,
  programOf,
  ROOT,
  SERVICES,
  type ServiceName,
  type SystemSettings,
  serviceEnv,
  toolEnv,
} from "@tessera/testkit/services";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { lastLines, openFreshLog } from "@tessera/testkit/stores/store-server";
import { openStores } from "@tessera/testkit/stores/stores";
import type { Ports } from "./ports.ts";
import type { Progress } from "./progress.ts";
import { untilReady } from "./readiness.ts";
import { rememberedSecrets } from "./secrets.ts";
import type { Session } from "./session.ts";
import { Supervisor } from "./supervisor.ts";

/**
 * What Node has compiled is kept: the next start takes less time, and every process less memory. Pods
 * have none, for images are read-only; nor do tests, since what comes from it is not counted as covered.
 */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(ROOT, ".data", "compile-cache") };

/** How a local system is started. */
export interface LocalSystemOptions {
  session: Session;
  progress: Progress;
  ports: Ports;
  /** Names stores to use instead of private ones: MYSQL_URL, REDIS_URL; and LOG_LEVEL. */
  env: NodeJS.ProcessEnv;
  /** Goes before the schemas' names, so that systems can share a server. */
  schemaPrefix?: string;
  logLevel: SystemSettings["logLevel"];
  /** More settings for services, by service. */
  serviceEnv?: Partial<Record<ServiceName, Readonly<Record<string, string>>>>;
}

/** A running local system, and what a tool needs to look into it. */
export interface LocalSystem {
  bffUrl: string;
  ports: Ports;
  mysqlUrls: PerSchema;
  mysqlType: "mysql" | "mariadb";
  redisUrl: string;
  keyEncryptionKey: string;
  logFolder: string;
}

/** Starts stores and services; resolves when all of them are ready. The session stops them. */
export async function startSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  const { session, progress, ports, env } = options;
  const logFolder = join(session.folder, "logs");
  mkdirSync(logFolder, { recursive: true });
  const { children } = session;
  const secrets = rememberedSecrets(session.folder, { mysqlUrl: env.MYSQL_URL });
  const supervisor = new Supervisor({ children, say: progress.say });
  const stores = await progress.during(
    "Starting MySQL and Redis",
    openStores({
      onStop: session.onStop,
      onAnswer: (server, child) => supervisor.keepStarted(server, child),
      folder: join(session.folder, "stores"),
      children,
      mysqlUrl: env.MYSQL_URL,
      redisUrl: env.REDIS_URL,
      say: progress.say,
    }),
  );
  const { passwords, keyEncryptionKey, passSecret } = secrets;
  const prefix = options.schemaPrefix ?? "";
  const mysqlUrls = await createSchemas(stores.mysqlUrl, { prefix, passwords });
  const { mysqlType, redisUrl } = stores;
  const { logLevel } = options;
  const keys = { keyEncryptionKey, passSecret };
  const settings = { mysqlUrls, mysqlType, redisUrl, ...keys, logLevel };
  await progress.during("Migrating the schemas", migrate(session, settings, logFolder));
  await progress.during(
    "Starting the services",
    startServices(options, { settings, supervisor, logFolder }),
  );
  const bffUrl = `http://localhost:${ports.bff}`;
  return { bffUrl, ports, mysqlUrls, mysqlType, redisUrl, keyEncryptionKey, logFolder };
}

/** LOG_LEVEL; @throws OperatorError for a word that is none. */
export function readLogLevel(env: NodeJS.ProcessEnv): SystemSettings["logLevel"] {
  const levels = ["debug", "info", "warn", "error", "silent"] as const;
  const level = levels.find((word) => word === (env.LOG_LEVEL ?? "info"));
  if (level === undefined) {
    throw new OperatorError(`LOG_LEVEL must be one of ${levels.join(", ")}.`);
  }
  return level;
}

async function migrate(session: Session, settings: SystemSettings, logFolder: string) {
  await Promise.all(
    SCHEMAS.map((schema) =>
      runTool(session, {
        name: `migrate-${schema}`,
        command: programOf(`${schema}-svc`, "migrate.ts"),
        env: toolEnv(schema, settings),
        logFolder,
      }),
    ),
  );
}

interface Started {
  settings: SystemSettings;
  supervisor: Supervisor;
  logFolder: string;
}

/** The organiser is made while the services start: neither needs the other. */
async function startServices(
  { session, ports, serviceEnv: more }: LocalSystemOptions,
  { settings, supervisor, logFolder }: Started,
): Promise<void> {
  const { children } = session;
  const addresses = {
    inventory: `localhost:${ports.inventoryGrpc}`,
    reservation: `localhost:${ports.reservationGrpc}`,
    user: `localhost:${ports.userGrpc}`,
  };
  for (const service of SERVICES) {
    supervisor.keep(
      new ServiceProcess({
        children,
        name: service,
        command: programOf(service),
        env: {
          ...serviceEnv(service, settings, addresses),
          ...portEnv(service, ports),
          ...COMPILE_CACHE,
          ...more?.[service],
        },
        logFile: join(logFolder, `${service}.log`),
      }),
    );
  }
  const organiser = runTool(session, {
    name: "seed-organiser",
    command: programOf("user-svc", "seed-organiser.ts"),
    env: {
      ...toolEnv("user", settings),
      ORGANISER_EMAIL: ORGANISER.email,
      ORGANISER_PASSWORD: ORGANISER.password,
      ORGANISER_NAME: "The Organiser",
    },
    logFolder,
  });
  await Promise.race([Promise.all([organiser, untilReady(ports, logFolder)]), supervisor.hopeless]);
  supervisor.ready();
}

function portEnv(service: ServiceName, ports: Ports): Record<string, string> {
  switch (service) {
    case "inventory-svc":
      return { GRPC_PORT: `${ports.inventoryGrpc}`, HTTP_PORT: `${ports.inventoryHttp}` };
    case "reservation-svc":
      return { GRPC_PORT: `${ports.reservationGrpc}`, HTTP_PORT: `${ports.reservationHttp}` };
    case "user-svc":
      return { GRPC_PORT: `${ports.userGrpc}`, HTTP_PORT: `${ports.userHttp}` };
    case "bff":
      return { PORT: `${ports.bff}`, ADMIN_PORT: `${ports.bffAdmin}` };
  }
}

/** Runs a one-off program to its end; its output is shown only when it fails. */
async function runTool(
  { children }: Session,
  tool: { name: string; command: readonly string[]; env: NodeJS.ProcessEnv; logFolder: string },
): Promise<void> {
  const logFile = join(tool.logFolder, `${tool.name}.log`);
  const log = openFreshLog(logFile);
  try {
    await children.run(tool.name, tool.command, {
      env: { ...tool.env, ...COMPILE_CACHE },
      stdio: ["ignore", log, log],
      order: 0,
    });
  } catch (cause) {
    throw new Error(`${tool.name} failed:\n${lastLines(logFile, 12)}`, { cause });
  }
}
