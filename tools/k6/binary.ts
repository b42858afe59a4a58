import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import type { Children } from "@tessera/testkit/stores/children";
import { findGoProgram, type GoProgram, goProgramsIn } from "../local/go-program.ts";
import type { Progress } from "../local/progress.ts";

/** The version of k6 that is built where there is none. */
export function pinnedVersion(): string {
  return k6().version;
}

/**
 * The path of a k6 that can run the scenarios: one on the PATH of the pinned major version, else
 * the pinned one.
 *
 * @throws OperatorError that says how to get one.
 */
export function findK6(children: Children, progress: Progress): Promise<string> {
  const program = k6();
  return findGoProgram(program, {
    binFolder: join(ROOT, ".data", "k6", "bin"),
    isGoodEnough: (version) => majorOf(version) === majorOf(program.version),
    run: (command, options) => children.run("build-k6", command, { ...options, order: 0 }),
    progress,
  });
}

function k6(): GoProgram {
  const [program] = goProgramsIn(join(ROOT, "k6"));
  if (program === undefined) {
    throw new Error("k6/go.mod names no tool");
  }
  return program;
}

function majorOf(version: string): string | undefined {
  return version.split(".")[0];
}
