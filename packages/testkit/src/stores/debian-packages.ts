import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { findProgram } from "./binaries.ts";
import { OperatorError } from "./operator-error.ts";

/** Debian asks this program before it starts a service; 101 means no. */
const POLICY = "/usr/sbin/policy-rc.d";

/** True when this user may install Debian's packages here. */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && findProgram(["apt-get"]) !== undefined;
}

/** Installs Debian's packages, with their progress visible, and keeps their services stopped. */
export async function installPackages(
  packages: readonly string[],
  say: (text: string) => void,
): Promise<void> {
  const isPolicyOurs = !existsSync(POLICY);
  if (isPolicyOurs) {
    writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  }
  try {
    say(`Installing ${packages.join(" and ")} (apt-get) …`);
    await apt(["update", "-q"]);
    await apt(["install", "-y", "-q", "--no-install-recommends", ...packages]);
  } finally {
    if (isPolicyOurs) {
      rmSync(POLICY, { force: true });
    }
  }
}

async function apt(args: readonly string[]): Promise<void> {
  const child = spawn("apt-get", args, {
    stdio: ["ignore", "inherit", "inherit"],
    // biome-ignore lint/style/noProcessEnv: apt needs what this process has.
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  const [code] = await once(child, "exit");
  if (code !== 0) {
    throw new OperatorError(
      `apt-get ${args.filter((arg) => !arg.startsWith("-")).join(" ")} failed (see above).`,
    );
  }
}
