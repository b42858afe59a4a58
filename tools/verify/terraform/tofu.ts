import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { findGoProgram, type GoMeans, goProgramsIn } from "../../local/go-program.ts";
import { Progress } from "../../local/progress.ts";

/** OpenTofu has a Go module of its own: it is made of hundreds of others. */
const MODULE_FOLDER = join(import.meta.dirname, "..", "go", "terraform");
const BIN_FOLDER = join(ROOT, ".data", "verify", "bin");

/**
 * The path of OpenTofu, on the PATH or built once.
 *
 * @throws OperatorError when there is neither it nor Go.
 */
export function findTofu(): Promise<string> {
  const [program] = goProgramsIn(MODULE_FOLDER);
  if (program === undefined) {
    throw new Error(`${MODULE_FOLDER}/go.mod names no tool`);
  }
  return findGoProgram(
    program,
    means((version) => version === program.version),
  );
}

/** The path of the provider that knows schemas and does nothing, built once for each version of it. */
export function findStubProvider(): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["stub-provider/main.go", "go.sum"]) {
    hash.update(readFileSync(join(MODULE_FOLDER, file)));
  }
  const version = hash.digest("hex").slice(0, 12);
  const program = { name: "stub-provider", package: "./stub-provider", version };
  return findGoProgram(
    { ...program, moduleFolder: MODULE_FOLDER },
    means(() => false),
  );
}

function means(isGoodEnough: GoMeans["isGoodEnough"]): GoMeans {
  return { binFolder: BIN_FOLDER, isGoodEnough, run: runBuild, progress: new Progress() };
}

async function runBuild([go = "", ...rest]: readonly string[], options: object): Promise<void> {
  const [code] = await once(spawn(go, rest, options), "exit");
  if (code !== 0) {
    throw new Error(`go build ended with ${code}`);
  }
}
