import { type SpawnOptions, spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "@tessera/testkit/stores/binaries";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import type { Progress } from "./progress.ts";

/** A program that a Go module of this tree pins, with all that it is made of. */
export interface GoProgram {
  name: string;
  /** The package of its `main`, such as `helm.sh/helm/v4/cmd/helm`. */
  package: string;
  version: string;
  /** Where the go.mod is. */
  moduleFolder: string;
}

/** How the Go compiler is run. */
export interface BuildOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  stdio: SpawnOptions["stdio"];
}

/** What it takes to find or build a program. */
export interface GoMeans {
  /** Where built programs are kept. */
  binFolder: string;
  /** Whether a program on the PATH that calls itself so may be used instead. */
  isGoodEnough: (version: string) => boolean;
  /** Runs the build to its end; rejects when it fails. */
  run: (command: readonly string[], options: BuildOptions) => Promise<void>;
  progress: Progress;
}

/** The programs that the go.mod in a folder names as tools. */
export function goProgramsIn(moduleFolder: string): GoProgram[] {
  const text = readFileSync(join(moduleFolder, "go.mod"), "utf8");
  const [, block = ""] = /^tool \(([^)]*)\)/m.exec(text) ?? [];
  const single = [...text.matchAll(/^tool ([^(\s]+)/gm)].map(([, name = ""]) => name);
  const packages = [...single, ...block.split(/\s+/).filter((name) => name !== "")];
  const versions = [...text.matchAll(/^(?:require)?\s+(\S+) (v\S+)/gm)];
  return packages.map((path) => {
    const [, , version] =
      versions.find(([, module = ""]) => `${path}/`.startsWith(`${module}/`)) ?? [];
    if (version === undefined) {
      throw new Error(`${moduleFolder}/go.mod names no version of ${path}`);
    }
    // The last part that is a name: `…/kustomize/v5` is kustomize.
    const name = path.split("/").findLast((part) => !/^v\d+$/.test(part)) ?? path;
    return { name, package: path, version, moduleFolder };
  });
}

/**
 * The path of a program: a good enough one on the PATH, else the pinned one, which is built once
 * where there is Go.
 *
 * @throws OperatorError that says how to get one.
 */
export async function findGoProgram(program: GoProgram, means: GoMeans): Promise<string> {
  const { name, version } = program;
  const onPath = findProgram([name]);
  const versionOnPath = onPath === undefined ? undefined : versionOf(onPath);
  if (onPath !== undefined && versionOnPath !== undefined && means.isGoodEnough(versionOnPath)) {
    return onPath;
  }
  const built = join(means.binFolder, `${name}-${version}`);
  if (existsSync(built)) {
    return built;
  }
  const work = build(findGo(`build ${name} ${version}`), program, built, means);
  await means.progress.during(`Building ${name} ${version}, once (this can take minutes)`, work);
  return built;
}

/**
 * The path of the Go compiler.
 *
 * @throws OperatorError that says what it is for, and how to get it.
 */
export function findGo(purpose: string): string {
  const go = findProgram(["go"]);
  if (go === undefined) {
    throw new OperatorError(
      `There is no Go to ${purpose} on this machine. Install it (https://go.dev/dl), so that it ` +
        "is on the PATH.",
    );
  }
  return go;
}

/** Nothing of the person's own settings changes what Go makes of a go.mod. */
export const GO_ENVIRONMENT = { CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" };

async function build(
  go: string,
  { name, version, package: path, moduleFolder }: GoProgram,
  built: string,
  { run }: GoMeans,
): Promise<void> {
  // Under its name only when it is whole: a build may be interrupted, and two may run at once.
  const unfinished = `${built}.${process.pid}`;
  try {
    // Not "go install": that takes neither checksums nor the rest of the versions from a go.sum.
    const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
    await run([go, "build", ...flags, "-o", unfinished, path], {
      cwd: moduleFolder,
      env: { ...process.env, ...GO_ENVIRONMENT },
      stdio: ["ignore", "inherit", "inherit"],
    });
    renameSync(unfinished, built);
  } catch (cause) {
    throw new OperatorError(
      `${name} could not be built (see above). Is Go recent, and its module proxy there? You can ` +
        `also install ${name} ${version} yourself.`,
      { cause },
    );
  }
}

/** Such as `v2.2.0`; undefined when the program does not say. */
export function versionOf(program: string): string | undefined {
  for (const argument of ["version", "--version"]) {
    const { stdout } = spawnSync(program, [argument], { encoding: "utf8", timeout: 10_000 });
    const [, version] = /(?<![\w.])v?(\d+\.\d+\.\d+[\w.+-]*)/.exec(stdout ?? "") ?? [];
    if (version !== undefined) {
      return `v${version}`;
    }
  }
  return undefined;
}
