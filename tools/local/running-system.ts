import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { pingMysql } from "@tessera/testkit/stores/mysql-server";
import { waitFor } from "@tessera/testkit/stores/stores";
import { isReady } from "./readiness.ts";
import type { LocalSystem } from "./system.ts";

/** Where "npm start" keeps its data. */
export const LOCAL_FOLDER = join(ROOT, ".data", "local");

/** Where "npm start" says, while it runs, how to reach what it runs. */
export const SYSTEM_FILE = join(LOCAL_FOLDER, "system.json");

/**
 * The system that "npm start" runs now; undefined when there is none.
 *
 * @throws OperatorError when its database, which every tool reads, does not answer.
 */
export async function findRunningSystem(): Promise<LocalSystem | undefined> {
  let system: LocalSystem;
  try {
    system = JSON.parse(readFileSync(SYSTEM_FILE, "utf8"));
  } catch {
    return undefined;
  }
  if (!(await isReady(system.ports.bffAdmin))) {
    return undefined;
  }
  const { host } = new URL(system.mysqlUrls.user);
  await waitFor(`The database of "npm start", ${host},`, () => pingMysql(system.mysqlUrls.user));
  return system;
}
