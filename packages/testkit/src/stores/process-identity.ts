import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When the process started, in whatever unit the system keeps; undefined when it does not run.
 *
 * A number alone is no identity: the system gives it to another process later.
 */
export function startOfProcess(pid: number): string | undefined {
  if (pid <= 0) {
    return undefined;
  }
  return process.platform === "linux" ? startFromProc(pid) : startFromPs(pid);
}

function startFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The name, in parentheses, may hold anything; the fields after it are counted from 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const isZombie = fields[0] === "Z";
  return isZombie ? undefined : fields[19];
}

function startFromPs(pid: number): string | undefined {
  const { stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  return stdout?.trim() || undefined;
}
