// Lets one command at a time set things up. Like its caller it must run on Node 20 with nothing
// installed, so it is plain JavaScript.
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
  await take(file, say);
  const release = () => remove(file, String(process.pid));
  // The body may end this process.
  process.once("exit", release);
  body();
  process.off("exit", release);
  release();
}

async function take(file, say) {
  const giveUpTime = Date.now() + DEADLINE_MS;
  let isTold = false;
  while (!make(file)) {
    const owner = ownerOf(file);
    if (owner !== undefined && (!isAlive(owner) || Date.now() > giveUpTime)) {
      remove(file, owner);
      continue;
    }
    if (owner !== undefined && !isTold) {
      say(`Another command (process ${owner}) is setting things up; waiting for it …`);
      isTold = true;
    }
    await setTimeout(LOOK_AGAIN_MS);
  }
}

/** Makes the file with this process's number in it, at once; false when there is one. */
function make(file) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") {
      return false;
    }
    throw error;
  } finally {
    rmSync(own);
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

function isAlive(owner) {
  try {
    const pid = Number(owner);
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}
