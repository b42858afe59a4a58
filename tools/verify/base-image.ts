import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "@tessera/testkit/stores/binaries";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { type ContainerEngine, trustedCertificates } from "./container-engine.ts";
import { debianTool } from "./debian-tools.ts";

/** How long the distribution's mirror may take, in milliseconds. */
const COMMAND_TIMEOUT_MS = 10 * 60_000;

/**
 * An image that stands in for node:…-slim, which only a registry has: the smallest system of this
 * machine's distribution, with the Node and the npm that run here. Made once; returns its name.
 */
export async function standInBase(engine: ContainerEngine): Promise<string> {
  const image = `localhost/tessera-base:${process.versions.node}`;
  if (await engine.has(image)) {
    return image;
  }
  const container = await engine.buildah("from", "scratch");
  await fill(await engine.buildah("mount", container));
  const settings = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    `npm_config_registry=${(await output(["npm", "config", "get", "registry"])).trim()}`,
    "npm_config_update_notifier=false",
    "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
  ];
  await engine.buildah("config", ...settings.map((text) => `--env=${text}`), container);
  await engine.buildah("commit", "--rm", container, image);
  return image;
}

async function fill(root: string): Promise<void> {
  const debootstrap = await debianTool("debootstrap", "debootstrap");
  await output([debootstrap, "--variant=minbase", codename(), root]);
  cpSync(process.execPath, join(root, "usr/local/bin/node"));
  const npm = findProgram(["npm"]);
  if (npm === undefined) {
    throw new OperatorError(
      "There is no npm on this machine. Install it, so that it is on the PATH.",
    );
  }
  // …/npm/bin/npm-cli.js
  const folder = dirname(dirname(realpathSync(npm)));
  cpSync(folder, join(root, "usr/local/lib/node_modules/npm"), { recursive: true });
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/local/bin/npm"));
  const certificates = trustedCertificates();
  if (certificates !== undefined) {
    mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
    cpSync(certificates, join(root, "etc/ssl/certs/ca-certificates.crt"), { dereference: true });
  }
}

/** Such as bookworm. */
function codename(): string {
  const [, name] = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8")) ?? [];
  if (name === undefined) {
    throw new OperatorError("Images are tried out on Debian or Ubuntu: this is neither.");
  }
  return name;
}

async function output([program = "", ...args]: readonly string[]): Promise<string> {
  const options = { timeout: COMMAND_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
  return (await promisify(execFile)(program, args, options)).stdout;
}
