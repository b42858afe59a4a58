import { join } from "node:path";
import type { PerSchema, SchemaName } from "./schemas.ts";

/** The services, in the order in which one needs the other. */
export const SERVICES = ["inventory-svc", "user-svc", "reservation-svc", "bff"] as const;

/** One of the services. */
export type ServiceName = (typeof SERVICES)[number];

/** The top of the working tree. */
export const ROOT = join(import.meta.dirname, "..", "..", "..");

/** The organiser of local systems and of tests; never made anywhere else. */
export const ORGANISER = { email: "organiser@tessera.test", password: "tessera-organiser" };

/** What one system's services share. */
export interface SystemSettings {
  mysqlUrls: PerSchema;
  mysqlType: "mysql" | "mariadb";
  redisUrl: string;
  /** 32 bytes in base64. */
  keyEncryptionKey: string;
  /** Signs admission passes; 32 characters at least. */
  passSecret: string;
  logLevel: "debug" | "info" | "warn" | "error" | "silent";
}

/** Where a service finds the others, as host:port. */
export type Addresses = Partial<Record<"inventory" | "reservation" | "user", string>>;

/** The environment of one service, its ports excepted. Each gets what it needs and no more. */
export function serviceEnv(
  service: ServiceName,
  settings: SystemSettings,
  addresses: Addresses,
): Record<string, string> {
  const { redisUrl, keyEncryptionKey, passSecret, logLevel } = settings;
  // Nothing routes to these processes but their own machine: no need to wait for the news.
  const common = { ...inheritedEnv(), ...MALLOC_ENV, LOG_LEVEL: logLevel, DRAIN_MS: "0" };
  switch (service) {
    case "inventory-svc":
      return { ...common, ...storeEnv("inventory", settings) };
    case "user-svc":
      return {
        ...common,
        ...storeEnv("user", settings),
        KEY_ENCRYPTION_KEY: keyEncryptionKey,
      };
    case "reservation-svc":
      return {
        ...common,
        ...storeEnv("reservation", settings),
        REDIS_URL: redisUrl,
        PASS_SECRETS: passSecret,
        INVENTORY_ADDRESS: addresses.inventory ?? "",
      };
    case "bff":
      return {
        ...common,
        REDIS_URL: redisUrl,
        PASS_SECRETS: passSecret,
        INVENTORY_ADDRESS: addresses.inventory ?? "",
        RESERVATION_ADDRESS: addresses.reservation ?? "",
        USER_ADDRESS: addresses.user ?? "",
      };
  }
}

/** The environment of a service's one-off programs, such as its migrations. */
export function toolEnv(schema: SchemaName, settings: SystemSettings): Record<string, string> {
  return serviceEnv(`${schema}-svc`, settings, { inventory: "localhost:1" });
}

/**
 * Keeps a service at 250 MiB or less, or nearly so (docs/performance.md). Left alone, V8 sizes its
 * heap by the machine's memory, and lets what outlives a busy moment pile up.
 */
const HEAP_FLAGS = ["--max-semi-space-size=16", "--max-old-space-size=192"];

/**
 * What erases types in Node is the only WebAssembly here, and runs once a start: compiling it well
 * costs 10 MiB for as long as the process lives, and 0.1 s of processor. NODE_OPTIONS takes no such
 * flag; images have it in the command.
 */
const COMPILER_FLAGS = ["--liftoff-only"];

/**
 * What is not V8's heap is glibc's, which opens a new arena for each of V8's threads that meets a
 * busy one, up to eight a core, and gives back little of them.
 */
export const MALLOC_ENV = { MALLOC_ARENA_MAX: "2" };

/** The program that a service, or one of its one-off tools, is run by, in this tree or another one. */
export function programOf(service: ServiceName, file = "main.ts", tree = ROOT): string[] {
  return [process.execPath, ...COMPILER_FLAGS, ...HEAP_FLAGS, join(tree, service, "src", file)];
}

/**
 * The tree that a test's n-th process of a service comes from: this one, or another release's at
 * TEST_OTHER_TREE, when TEST_OTHER_PROCESSES names it, as in `inventory-svc,bff:0`.
 */
export function treeOf(service: ServiceName, index: number): string {
  // biome-ignore lint/style/noProcessEnv: any test may be run so, and none knows of it.
  const { TEST_OTHER_TREE = ROOT, TEST_OTHER_PROCESSES = "" } = process.env;
  const others = TEST_OTHER_PROCESSES.split(",");
  return others.includes(service) || others.includes(`${service}:${index}`)
    ? TEST_OTHER_TREE
    : ROOT;
}

function storeEnv(schema: SchemaName, { mysqlUrls, mysqlType }: SystemSettings) {
  return { MYSQL_URL: mysqlUrls[schema], MYSQL_TYPE: mysqlType };
}

/** What a child gets of its parent's: where programs are, what is compiled of them, where coverage goes. */
const INHERITED = [
  ...["PATH", "HOME"],
  ...["NODE_COMPILE_CACHE", "NODE_DISABLE_COMPILE_CACHE", "NODE_V8_COVERAGE"],
];

/** What every child needs of its parent's environment, and nothing else of it. */
export function inheritedEnv(): Record<string, string> {
  // biome-ignore lint/style/noProcessEnv: children are given these.
  const env = process.env;
  return Object.fromEntries(
    INHERITED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
}
