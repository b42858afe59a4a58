import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

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

/** True when the process, or at least its first thread where no other can be seen, is paused. */
export function isPaused(pid: number): boolean {
  if (process.platform !== "linux") {
    const { stdout } = spawnSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" });
    return stdout.trim().startsWith("T");
  }
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => {
    const fields = statFields(`/proc/${pid}/task/${thread}/stat`);
    return fields === undefined || fields[0] === "T";
  });
}

function startFromProc(pid: number): string | undefined {
  const fields = statFields(`/proc/${pid}/stat`);
  const isZombie = fields?.[0] === "Z";
  return isZombie ? undefined : fields?.[19];
}

/** The fields from the state on; undefined when there is no such process or thread. */
function statFields(file: string): string[] | undefined {
  try {
    const stat = readFileSync(file, "utf8");
    // The name, in parentheses, may hold anything; the fields after it are counted from 3.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function startFromPs(pid: number): string | undefined {
  const { stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
  return stdout?.trim() || undefined;
}
