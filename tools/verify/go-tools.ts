import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import {
  type BuildOptions,
  findGoProgram,
  type GoProgram,
  goProgramsIn,
} from "../local/go-program.ts";
import { Progress } from "../local/progress.ts";

/** Everything that is built is kept here, by its version. */
const BIN_FOLDER = join(ROOT, ".data", "verify", "bin");

/** Its go.mod names the tools, and is the one place for their versions. */
const MODULE_FOLDER = join(import.meta.dirname, "go");

const building = new Map<string, Promise<string>>();

/** The tools that go/go.mod pins. */
export function goTools(): GoProgram[] {
  return goProgramsIn(MODULE_FOLDER);
}

/**
 * The path of a tool: on the PATH in exactly the pinned version, else built from it once.
 *
 * @throws OperatorError when there is neither the tool nor Go.
 */
export async function goTool(name: string): Promise<string> {
  const program = goTools().find((tool) => tool.name === name);
  if (program === undefined) {
    throw new Error(`tools/verify/go/go.mod names no tool ${name}`);
  }
  return await findOrBuild(program);
}

/** The path of a program in exactly this version; it is looked for once. */
export function findOrBuild(program: GoProgram): Promise<string> {
  const path =
    building.get(program.name) ??
    findGoProgram(program, {
      binFolder: BIN_FOLDER,
      isGoodEnough: (version) => version === program.version,
      run: runBuild,
      progress: new Progress(),
    });
  building.set(program.name, path);
  return path;
}

async function runBuild(
  [go = "", ...rest]: readonly string[],
  options: BuildOptions,
): Promise<void> {
  const [code] = await once(spawn(go, rest, options), "exit");
  if (code !== 0) {
    throw new Error(`go build ended with ${code}`);
  }
}
