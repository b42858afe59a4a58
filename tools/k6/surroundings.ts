import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { select } from "@tessera/testkit/invariants/reader";
import { ROOT } from "@tessera/testkit/services";
import type { LocalSystem } from "../local/system.ts";

/** What a measurement means nothing without. */
export interface Surroundings {
  time: string;
  commit: string;
  machine: string;
  k6: string;
  dataSet: string;
}

/** Says where and with what a run is made. */
export async function surroundings(system: LocalSystem, k6: string): Promise<Surroundings> {
  const { inventory, reservation, user } = system.mysqlUrls;
  const counts = await Promise.all([
    roughCount(inventory, "event", "events"),
    roughCount(user, "user", "users"),
    roughCount(reservation, "reservation", "reservations"),
  ]);
  return {
    time: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    k6,
    dataSet: counts.join(", "),
  };
}

/** The processors, the memory and the Node of this machine. */
export function machine(): string {
  const [cpu] = cpus();
  const gibibytes = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} x ${cpu?.model ?? "?"}, ${gibibytes} GiB, Node ${process.version}`;
}

/** From the tables' statistics: nothing is counted. */
async function roughCount(url: string, table: string, what: string): Promise<string> {
  const [row] = await select(
    url,
    `SELECT TABLE_ROWS AS count FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}'`,
  );
  return `about ${Number(row?.count ?? 0).toLocaleString("en")} ${what}`;
}

/** What is checked out, and whether it was changed since. */
export function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });
    const isChanged = git("status", "--porcelain", "--untracked-files=no") !== "";
    return `${git("rev-parse", "--short", "HEAD").trim()}${isChanged ? " with changes" : ""}`;
  } catch {
    return "not in git";
  }
}
