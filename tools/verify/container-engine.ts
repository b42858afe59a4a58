import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "@tessera/testkit/services";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { debianTool } from "./debian-tools.ts";

/** How long one command may take, in milliseconds: a build waits for a registry of packages. */
const COMMAND_TIMEOUT_MS = 10 * 60_000;
/** Below what the kernel allows anybody; the engine's own defaults may be above. */
const LIMITS = ["--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096"];

/** How a container is run. */
export interface ContainerOptions {
  name: string;
  image: string;
  /** The names of variables that it gets from the environment of the command. */
  variables: readonly string[];
  /** Instead of the image's own command. */
  command?: readonly string[];
}

/** Debian's container engine, without a daemon and without a registry, apart from any other's. */
export class ContainerEngine {
  readonly #buildah: readonly string[];
  readonly #podman: readonly string[];
  /** False where each layer would be a copy of all below it: hundreds of megabytes a line. */
  readonly keepsLayers: boolean;

  private constructor(programs: { buildah: string; podman: string; runc: string }, folder: string) {
    const driver = driverFor(folder);
    this.keepsLayers = driver === "overlay";
    const storage = [
      `--root=${join(folder, "storage")}`,
      // What holds until the machine restarts; podman refuses paths of more than 50 characters.
      `--runroot=/run/tessera-${createHash("sha256").update(folder).digest("hex").slice(0, 8)}`,
      `--storage-driver=${driver}`,
    ];
    this.#buildah = [programs.buildah, ...storage];
    const machine = ["--cgroup-manager=cgroupfs", `--runtime=${programs.runc}`];
    this.#podman = [programs.podman, ...storage, ...machine];
  }

  /**
   * Everything it makes is kept below `folder`; what an earlier run left running is removed.
   *
   * @throws OperatorError when this user may not run containers here.
   */
  static async open(folder: string): Promise<ContainerEngine> {
    if (process.getuid?.() !== 0) {
      throw new OperatorError("Images are built and run by root's container engine: use sudo.");
    }
    const programs = {
      buildah: await debianTool("buildah", "buildah"),
      podman: await debianTool("podman", "podman"),
      runc: await debianTool("runc", "runc"),
    };
    mkdirSync(folder, { recursive: true });
    const engine = new ContainerEngine(programs, folder);
    await engine.podman("rm", "--all", "--force");
    await engine.buildah("rm", "--all");
    return engine;
  }

  /** Runs buildah; resolves to what it printed. */
  buildah(...args: readonly string[]): Promise<string> {
    return run([...this.#buildah, ...args]);
  }

  /** Runs podman; resolves to what it printed. */
  podman(...args: readonly string[]): Promise<string> {
    return run([...this.#podman, ...args]);
  }

  async has(image: string): Promise<boolean> {
    return (await this.buildah("images", "--format={{.Name}}:{{.Tag}}"))
      .split("\n")
      .includes(image);
  }

  /** What runs a container to its end, as locked in as production's, on this machine's network. */
  commandOf({ name, image, variables, command = [] }: ContainerOptions): string[] {
    return [
      ...this.#podman,
      ...["run", "--rm", `--name=${name}`, "--network=host", ...LIMITS],
      ...["--read-only", "--read-only-tmpfs=false"],
      ...["--cap-drop=all", "--security-opt=no-new-privileges"],
      // Ubuntu's profile keeps signals from a container.
      "--security-opt=apparmor=unconfined",
      ...variables.map((variable) => `--env=${variable}`),
      image,
      ...command,
    ];
  }
}

/** What Linux calls an overlay file system; see statfs(2). */
const OVERLAYFS_MAGIC = 0x794c7630;

/** Layers that lie on each other, but for a folder that is in such layers itself: there, copies. */
function driverFor(folder: string): "overlay" | "vfs" {
  return statfsSync(folder).type === OVERLAYFS_MAGIC ? "vfs" : "overlay";
}

async function run([program = "", ...args]: readonly string[]): Promise<string> {
  const options = { cwd: ROOT, timeout: COMMAND_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
  return (await promisify(execFile)(program, args, options)).stdout.trim();
}

/** The certificates that this machine trusts, where Debian keeps them. */
export function trustedCertificates(): string | undefined {
  const file = "/etc/ssl/certs/ca-certificates.crt";
  return existsSync(file) ? file : undefined;
}
