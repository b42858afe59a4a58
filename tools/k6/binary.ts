import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { findProgram } from "@tessera/testkit/stores/binaries";
import type { Children } from "@tessera/testkit/stores/children";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import type { Progress } from "../local/progress.ts";

/** The Go module that pins k6, with all that it is made of. */
const MODULE_FOLDER = join(ROOT, "k6");
const PACKAGE = "go.k6.io/k6/v2";

/** The version of k6 that is built where there is none. */
export function pinnedVersion(): string {
  const text = readFileSync(join(MODULE_FOLDER, "go.mod"), "utf8");
  const [, version] = /^\s*go\.k6\.io\/k6\/v2 (v\S+)/m.exec(text) ?? [];
  if (version === undefined) {
    throw new Error("k6/go.mod names no version of k6");
  }
  return version;
}

/**
 * The path of a k6 that can run the scenarios: one on the PATH of the pinned major version, else
 * the pinned one, which is built once where there is Go.
 *
 * @throws OperatorError that says how to get one.
 */
export async function findK6(children: Children, progress: Progress): Promise<string> {
  const version = pinnedVersion();
  const onPath = findProgram(["k6"]);
  if (onPath !== undefined && majorOf(versionOf(onPath)) === majorOf(version)) {
    return onPath;
  }
  const built = join(ROOT, ".data", "k6", "bin", `k6-${version}`);
  if (existsSync(built) && versionOf(built) === version) {
    return built;
  }
  const go = findProgram(["go"]);
  if (go === undefined) {
    throw new OperatorError(
      `There is no k6 ${majorOf(version)} and no Go to build it with on this machine. Install k6 ` +
        `${version} (https://github.com/grafana/k6/releases) or Go (https://go.dev/dl), so that ` +
        "it is on the PATH.",
    );
  }
  const work = build(children, go, built);
  await progress.during(`Building k6 ${version}, once (two cores take two minutes)`, work);
  return built;
}

async function build(children: Children, go: string, built: string): Promise<void> {
  try {
    // Not "go install": that takes neither checksums nor the rest of the versions from a go.sum.
    const flags = ["-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", built];
    await children.run("build-k6", [go, "build", ...flags, PACKAGE], {
      cwd: MODULE_FOLDER,
      env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
      stdio: ["ignore", "inherit", "inherit"],
      order: 0,
    });
  } catch (cause) {
    throw new OperatorError(
      "k6 could not be built (see above). Is Go recent, and its module proxy there? You can also " +
        `install k6 ${pinnedVersion()} yourself: https://github.com/grafana/k6/releases`,
      { cause },
    );
  }
}

/** Such as `v2.2.0`; undefined when the program does not say. */
export function versionOf(program: string): string | undefined {
  const { stdout } = spawnSync(program, ["version"], { encoding: "utf8", timeout: 10_000 });
  return /\bv\d+\.\d+\.\d+\S*/.exec(stdout ?? "")?.[0];
}

function majorOf(version: string | undefined): string | undefined {
  return version?.split(".")[0];
}
