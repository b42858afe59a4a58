import { execFile } from "node:child_process";
import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "@tessera/testkit/services";
import { parseAllDocuments } from "yaml";
import { goTool } from "./go-tools.ts";
import type { KubernetesObject } from "./render-charts.ts";

/** What kustomize makes of one folder of mesh/. */
export interface RenderedMesh {
  /** `base`, or an overlay, or one of these with an optional component. */
  overlay: string;
  objects: KubernetesObject[];
}

const MESH_FOLDER = join(ROOT, "mesh");
const run = promisify(execFile);

/** Renders the base, both overlays, and what operators may switch on besides. */
export async function renderMesh(): Promise<RenderedMesh[]> {
  return [
    { overlay: "base", objects: await build("base") },
    { overlay: "staging", objects: await build("overlays/staging") },
    { overlay: "prod", objects: await build("overlays/prod") },
    { overlay: "prod with audit", objects: await buildWith("overlays/prod", "audit") },
    { overlay: "prod with alb", objects: await buildWith("overlays/prod", "alb") },
  ];
}

async function build(folder: string): Promise<KubernetesObject[]> {
  return await kustomize(join(MESH_FOLDER, folder));
}

/** A folder with one more component, which is what an operator would write. */
async function buildWith(folder: string, component: string): Promise<KubernetesObject[]> {
  using work = mkdtempDisposableSync(join(tmpdir(), "tessera-mesh-"));
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: [relative(work.path, join(MESH_FOLDER, folder))],
    components: [relative(work.path, join(MESH_FOLDER, "components", component))],
  };
  writeFileSync(join(work.path, "kustomization.yaml"), JSON.stringify(kustomization));
  return await kustomize(work.path);
}

/** What kustomize makes of a folder. */
export async function kustomize(folder: string): Promise<KubernetesObject[]> {
  const { stdout } = await run(await goTool("kustomize"), ["build", folder]);
  return parseAllDocuments(stdout).map((document) => {
    const object: KubernetesObject = document.toJS();
    return object;
  });
}
