import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { goProgramsIn } from "../../local/go-program.ts";
import { findOrBuild } from "../go-tools.ts";

/** OpenTofu has a Go module of its own: it is made of hundreds of others. */
const MODULE_FOLDER = join(import.meta.dirname, "..", "go", "terraform");

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
  return findOrBuild(program);
}

/** The path of the provider that knows schemas and does nothing, built once for each version of it. */
export function findStubProvider(): Promise<string> {
  const hash = createHash("sha256");
  for (const file of ["stub-provider/main.go", "go.sum"]) {
    hash.update(readFileSync(join(MODULE_FOLDER, file)));
  }
  const version = hash.digest("hex").slice(0, 12);
  const program = { name: "stub-provider", package: "./stub-provider", version };
  return findOrBuild({ ...program, moduleFolder: MODULE_FOLDER });
}
