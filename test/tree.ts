import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The top of the working tree. */
export const ROOT = join(import.meta.dirname, "..");

/** A text file of the tree. */
export interface TreeFile {
  /** From the top, with slashes. */
  path: string;
  text: string;
}

const BINARY = /\.(png|ico|woff2?|gz|tgz)$/;

/** Every text file that is, or would be, in git. */
export function treeFiles(): TreeFile[] {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const paths = execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).split("\0");
  return paths.filter((path) => path !== "" && !BINARY.test(path)).flatMap(readIfThere);
}

/** A file may be in git's list and deleted in the working tree. */
function readIfThere(path: string): TreeFile[] {
  try {
    return [{ path, text: readFileSync(join(ROOT, path), "utf8") }];
  } catch {
    return [];
  }
}

/** The modules that a TypeScript file imports. */
export function importsOf({ text }: TreeFile): string[] {
  const matches = text.matchAll(/^(?:(?:import|export)\b[^"';]*?\bfrom |import )"([^"]+)";$/gm);
  return [...matches].map((match) => match[1] ?? "");
}

/** Each line that matches, as `path:line: text`. */
export function linesMatching(files: readonly TreeFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
      ),
  );
}
