import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { isReady } from "./readiness.ts";
import type { LocalSystem } from "./system.ts";

/** Where "npm start" keeps its data. */
export const LOCAL_FOLDER = join(ROOT, ".data", "local");

/** Where "npm start" says, while it runs, how to reach what it runs. */
export const SYSTEM_FILE = join(LOCAL_FOLDER, "system.json");

/** The system that "npm start" runs now; undefined when there is none. */
export async function findRunningSystem(): Promise<LocalSystem | undefined> {
  let system: LocalSystem;
  try {
    system = JSON.parse(readFileSync(SYSTEM_FILE, "utf8"));
  } catch {
    return undefined;
  }
  return (await isReady(system.ports.bffAdmin)) ? system : undefined;
}
