import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { crdFiles } from "./crds.ts";
import { findOrBuild } from "./go-tools.ts";

/** What an API server would say of an object. */
export interface Answer {
  /** False when nobody defines its kind in that version. */
  isKnown: boolean;
  isNamespaced: boolean;
  problems: string[];
}

const FOLDER = join(import.meta.dirname, "api-server");

/** Judges objects by Kubernetes' own code: see api-server/main.go. */
export async function judgeObjects(objects: readonly unknown[]): Promise<Answer[]> {
  const files = await crdFiles();
  const child = spawn(await findJudge(), files, { stdio: ["pipe", "pipe", "inherit"] });
  // One that ends early says why itself, and by its exit code.
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify(objects));
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) {
    throw new Error(`the judge ended with ${code}`);
  }
  return JSON.parse(output);
}

/** The version of Kubernetes that judges, such as `v1.34.4`. */
export function kubernetesVersion(): string {
  const goMod = readFileSync(join(FOLDER, "go.mod"), "utf8");
  return /k8s\.io\/kubernetes (v\S+)/.exec(goMod)?.[1] ?? "unknown";
}

/** Built anew whenever its sources change, which are its version. */
export function findJudge(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of readdirSync(FOLDER).sort()) {
    hash.update(readFileSync(join(FOLDER, name)));
  }
  return findOrBuild({
    name: "tessera-api-server",
    package: ".",
    version: hash.digest("hex").slice(0, 12),
    moduleFolder: FOLDER,
  });
}
