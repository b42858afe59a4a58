// Runs one of the project's programs: `node tools/with-node-24.mjs <program.ts> [arguments]`.
//
// Everything the program needs is brought first: Node 24, the installed packages, the generated
// code. This file must run on Node 20 with nothing installed, so it is plain JavaScript.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./setup-lock.mjs";

const NODE_MAJOR = 24;
const NODE_VERSION = "24.21.0";
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const BROUGHT_NODE = join(ROOT, ".data", "node", "node_modules", "node", "bin", "node");
const STAMP = join(ROOT, "node_modules", ".tessera-stamp");
const LOCK = join(ROOT, ".data", "setup.lock");

const [program, ...programArguments] = process.argv.slice(2);
if (program === undefined) {
  fail("usage: node tools/with-node-24.mjs <program.ts> [arguments]");
}
const isNewEnough = Number(process.versions.node.split(".")[0]) >= NODE_MAJOR;
const node = isNewEnough ? process.execPath : BROUGHT_NODE;
const env = {
  ...process.env,
  PATH: [dirname(node), join(ROOT, "node_modules", ".bin"), process.env.PATH].join(delimiter),
};
if (!(isNodeThere() && arePackagesInstalled() && isCodeGenerated())) {
  await withLock(LOCK, say, setUp).catch(failOfDisk);
}
runProgram();

/** Each step looks again: another command may have been here while this one waited. */
function setUp() {
  bringNode();
  installPackages();
  generateCode();
}

function isNodeThere() {
  return isNewEnough || nodeVersion(BROUGHT_NODE) === `v${NODE_VERSION}`;
}

/** Brings a Node that is new enough, when the running one is not. */
function bringNode() {
  if (isNodeThere()) {
    return;
  }
  say(`Node ${process.versions.node} is too old; bringing Node ${NODE_VERSION} into .data/node …`);
  const prefix = join(ROOT, ".data", "node");
  // Its install script fetches the binary for this platform. npm 12 runs only scripts that a
  // package.json allows; earlier ones know the flag.
  mkdirSync(prefix, { recursive: true });
  const allowScripts = { [`node@${NODE_VERSION}`]: true };
  writeFileSync(join(prefix, "package.json"), JSON.stringify({ private: true, allowScripts }));
  npm(process.execPath, [
    "install",
    "--prefix",
    prefix,
    "--no-save",
    "--ignore-scripts=false",
    `node@${NODE_VERSION}`,
  ]);
  if (!isNodeThere()) {
    fail(`Node ${NODE_VERSION} could not be brought; install Node ${NODE_MAJOR} and try again.`);
  }
}

/** What the Node at `path` says it is; undefined when it does not run. */
function nodeVersion(path) {
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function arePackagesInstalled() {
  return readIfThere(STAMP) === hashOf(readLock());
}

/** Installs what package-lock.json names, unless it is installed already. */
function installPackages() {
  if (arePackagesInstalled()) {
    return;
  }
  const lockText = readLock();
  if (!isInstalled(JSON.parse(lockText))) {
    say("Installing packages …");
    // What the lock file names is installed as it says, and nothing is saved. `npm ci`, which images
    // are built with, would first throw away everything that is installed.
    npm(node, ["install", "--no-save", "--include=dev"]);
  }
  writeFileSync(STAMP, hashOf(lockText));
}

function readLock() {
  return readFileSync(join(ROOT, "package-lock.json"), "utf8");
}

function hashOf(text) {
  return createHash("sha256").update(text).digest("hex");
}

/** True when npm's own record of node_modules holds every package of the lock file. */
function isInstalled(lock) {
  const record = readIfThere(join(ROOT, "node_modules", ".package-lock.json"));
  if (record === undefined) {
    return false;
  }
  const installed = JSON.parse(record).packages;
  return Object.entries(lock.packages).every(([path, { version, optional, link }]) => {
    if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) {
      return true;
    }
    // Other platforms' packages are optional, and rightly absent.
    const found = installed[path];
    return found === undefined ? optional === true : link === true || found.version === version;
  });
}

/** False when the protos are newer than what was generated from them. */
function isCodeGenerated() {
  const generated = newest(join(ROOT, "proto", "gen"), ".ts");
  const sources = Math.max(
    newest(join(ROOT, "proto", "tessera"), ".proto"),
    statSync(join(ROOT, "buf.gen.yaml")).mtimeMs,
  );
  return generated >= sources;
}

/** Generates TypeScript from the protos, unless it is there already. */
function generateCode() {
  if (isCodeGenerated()) {
    return;
  }
  say("Generating code from proto/ (buf generate) …");
  const { status } = spawnSync("buf", ["generate"], { cwd: ROOT, env, stdio: "inherit" });
  if (status !== 0) {
    fail("buf generate failed; see above.");
  }
}

/** When the newest file with this ending below the folder was written; 0 when there is none. */
function newest(folder, ending) {
  if (!existsSync(folder)) {
    return 0;
  }
  let time = 0;
  for (const file of readdirSync(folder, { recursive: true })) {
    if (file.endsWith(ending)) {
      time = Math.max(time, statSync(join(folder, file)).mtimeMs);
    }
  }
  return time;
}

/** Runs npm under the given Node, with its progress visible. */
function npm(underNode, npmArguments) {
  const startTime = Date.now();
  const PATH = [dirname(underNode), process.env.PATH].join(delimiter);
  const execPath = process.env.npm_execpath;
  const [command, first] =
    execPath?.endsWith(".js") === true ? [underNode, [execPath]] : ["npm", []];
  const { status, error } = spawnSync(
    command,
    [...first, ...npmArguments, "--no-audit", "--no-fund", "--loglevel=http"],
    { cwd: ROOT, env: { ...process.env, PATH }, stdio: "inherit" },
  );
  if (status !== 0) {
    const reason = error === undefined ? "see above" : error.message;
    fail(`npm ${npmArguments[0]} failed: ${reason}. Is the network there? Then try again.`);
  }
  say(`… done in ${Math.round((Date.now() - startTime) / 1000)} s.`);
}

/** Runs the program to its end; signals go to it, its exit code comes back. */
function runProgram() {
  const child = spawn(node, [program, ...programArguments], {
    cwd: ROOT,
    // The program ends when this process does, however it does.
    env: { ...env, TESSERA_PARENT: String(process.pid) },
    stdio: "inherit",
  });
  if (process.env.npm_lifecycle_event !== undefined) {
    stopWithNpm(child);
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => fail(`cannot run ${program}: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exit(signal === null ? code : 128 + constants.signals[signal]);
  });
}

/** When npm was killed, nobody could stop the program any more. */
function stopWithNpm(child) {
  const npmPid = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== npmPid) {
      clearInterval(timer);
      child.kill("SIGTERM");
    }
  }, 500);
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function say(text) {
  process.stdout.write(`${text}\n`);
}

function failOfDisk(error) {
  if (!["ENOSPC", "EROFS", "EACCES"].includes(error.code)) {
    throw error;
  }
  fail(`Nothing can be written below ${ROOT}: ${error.message}`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
