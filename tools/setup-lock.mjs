// Lets one command at a time set things up. Like its caller it must run on Node 20 with nothing
// installed, so it is plain JavaScript.
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";

/** Setting everything up takes minutes: one that takes longer has lost its way, in milliseconds. */
const DEADLINE_MS = 15 * 60_000;
const LOOK_AGAIN_MS = 200;

/**
 * Runs `body` while no other process does. One that is at it is waited for; the lock of one that
 * has died is taken over.
 */
export async function withLock(file, say, body) {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${process.pid} ${startOfProcess(process.pid)}`;
  await take(file, own, say);
  const release = () => remove(file, own);
  // The body may end this process.
  process.once("exit", release);
  body();
  process.off("exit", release);
  release();
}

async function take(file, own, say) {
  const giveUpTime = Date.now() + DEADLINE_MS;
  let isTold = false;
  while (!make(file, own)) {
    const owner = ownerOf(file);
    if (owner !== undefined && (!isAlive(owner) || Date.now() > giveUpTime)) {
      remove(file, owner);
      continue;
    }
    if (owner !== undefined && !isTold) {
      const [pid] = owner.split(" ");
      say(`Another command (process ${pid}) is setting things up; waiting for it …`);
      isTold = true;
    }
    await setTimeout(LOOK_AGAIN_MS);
  }
}

/** Makes the file with this process's number and start in it, at once; false when there is one. */
function make(file, own) {
  const made = `${file}.${process.pid}`;
  writeFileSync(made, own);
  try {
    linkSync(made, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") {
      return false;
    }
    throw error;
  } finally {
    rmSync(made);
  }
}

/** Removes the file if it is the owner's. Of several who try, one has it: it is renamed once. */
function remove(file, owner) {
  const taken = `${file}.${process.pid}.taken`;
  try {
    renameSync(file, taken);
    if (ownerOf(taken) !== owner) {
      linkSync(taken, file);
    }
    rmSync(taken);
  } catch {
    // Somebody else has removed it, and perhaps made it again.
    rmSync(taken, { force: true });
  }
}

function ownerOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * True while the process that made the lock runs. Its number alone does not tell: the system gives
 * it to another process later, in a container soon, and perhaps to this one.
 */
function isAlive(owner) {
  const [, pid, start] = /^(\d+) (.+)$/s.exec(owner) ?? [];
  return pid !== undefined && Number(pid) !== process.pid && startOfProcess(pid) === start;
}

/** As in packages/testkit, which is not installed yet; undefined when it does not run. */
function startOfProcess(pid) {
  if (process.platform !== "linux") {
    const { stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return stdout?.trim() || undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold anything; the fields after it are counted from 3.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
