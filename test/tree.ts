import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";

/** The top of the working tree. */
export const ROOT = join(import.meta.dirname, "..");

/** A text file of the tree. */
export interface TreeFile {
  /** From the top, with slashes. */
  path: string;
  text: string;
}

const BINARY = /\.(png|ico|woff2?|gz|tgz)$/;

/** Every text file that is, or would be, in git; who has the sources alone needs no git. */
export function treeFiles(): TreeFile[] {
  return filesBelow("", [".git"])
    .filter((path) => !BINARY.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** `ignored` are globs of paths from the top. */
function filesBelow(folder: string, ignored: readonly string[]): string[] {
  const globs = [...ignored, ...ignoredIn(folder)];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder + entry.name;
    if (globs.some((glob) => matchesGlob(path, glob))) {
      return [];
    }
    return entry.isDirectory() ? filesBelow(`${path}/`, globs) : [path];
  });
}

/**
 * What a folder's .gitignore names: at any depth, unless there is a slash in the middle. It has no
 * exceptions (`!`).
 */
function ignoredIn(folder: string): string[] {
  const file = join(ROOT, folder, ".gitignore");
  return (existsSync(file) ? readFileSync(file, "utf8") : "")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.replace(/\/$/, ""))
    .map((line) => (line.includes("/") ? folder + line.replace(/^\//, "") : `${folder}**/${line}`));
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
