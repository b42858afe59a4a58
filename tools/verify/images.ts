import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MALLOC_ENV, programOf, ROOT } from "@tessera/testkit/services";
import { fineUnless, type Step } from "../check/step.ts";
import { composeFaults, loadCompose } from "./compose-file.ts";
import { type DockerfileFacts, dockerfileFaults } from "./dockerfile.ts";
import { missingPackages } from "./lock-file.ts";
import { promtool } from "./promtool.ts";
import { runImages } from "./run-images.ts";

/** What is checked of the images and of what runs them on a laptop. */
export const imagesSteps: readonly Step[] = [
  {
    name: "images: package-lock.json is whole",
    run: async () => fineUnless(missingPackages(JSON.parse(read("package-lock.json")))),
  },
  {
    name: "images: the Dockerfile",
    run: async () => fineUnless(dockerfileFaults(read("Dockerfile"), factsOfTree())),
  },
  {
    name: "images: compose.yaml, as Compose reads it",
    run: async () => fineUnless(composeFaults(await loadCompose("compose.yaml"))),
  },
  {
    name: "images: Prometheus' configuration for Compose",
    run: () => promtool("check config", ["tools/compose/prometheus.yaml"]),
  },
  {
    name: "images: all four built and run, read-only and as nobody",
    run: async () => fineUnless(await runImages()),
  },
];

/** What the Dockerfile is compared with. */
export function factsOfTree(): DockerfileFacts {
  const [, nodeVersion = ""] =
    /NODE_VERSION = "([\d.]+)"/.exec(read("tools/with-node-24.mjs")) ?? [];
  const { workspaces } = JSON.parse(read("package.json"));
  const malloc = Object.entries(MALLOC_ENV).map(([name, value]) => `${name}=${value}`);
  // Flags stand between Node and the program.
  const flags = programOf("bff").slice(1, -1);
  const isVariable = (flag: string) => process.allowedNodeEnvironmentFlags.has(flag);
  return {
    ...{ workspaces, nodeVersion },
    command: ["node", ...flags.filter((flag) => !isVariable(flag)), "src/main.ts"],
    memory: [...flags.filter(isVariable), ...malloc],
  };
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
