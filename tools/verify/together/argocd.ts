import { existsSync, mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { parseAllDocuments } from "yaml";
import { CHARTS_FOLDER, helm, type KubernetesObject, withCharts } from "../render-charts.ts";
import { kustomize } from "../render-mesh.ts";

/** What Argo CD is told to apply. */
export interface Application extends KubernetesObject {
  spec: {
    project: string;
    source: { repoURL: string; path: string; helm?: HelmSource; kustomize?: KustomizeSource };
    destination: { namespace: string };
    ignoreDifferences?: { jqPathExpressions?: string[] }[];
    syncPolicy?: { syncOptions?: string[] };
  };
}

interface HelmSource {
  releaseName?: string;
  valueFiles?: string[];
  ignoreMissingValueFiles?: boolean;
  valuesObject?: unknown;
}

interface KustomizeSource {
  components?: string[];
  patches?: unknown[];
}

/** An Application with all that it makes. */
export interface Delivery {
  application: Application;
  objects: KubernetesObject[];
}

/**
 * An Application, and all that come of it, as Argo CD renders them from a copy of the charts that
 * `prepare` may change.
 */
export async function deliver(
  root: Application,
  prepare: (charts: string) => void,
): Promise<Delivery[]> {
  return await withCharts(CHARTS_FOLDER, async (charts) => {
    prepare(charts);
    const deliveries: Delivery[] = [];
    const waiting = [root];
    for (const application of waiting) {
      const objects = await renderSource(application, charts);
      deliveries.push({ application, objects });
      waiting.push(
        ...objects.filter((object): object is Application => object.kind === "Application"),
      );
    }
    return deliveries;
  });
}

async function renderSource(application: Application, charts: string) {
  using folder = mkdtempDisposableSync(join(tmpdir(), "tessera-argocd-"));
  return application.spec.source.path.startsWith("charts/")
    ? await renderChart(application, charts, folder.path)
    : await renderOverlay(application, folder.path);
}

async function renderChart({ metadata, spec }: Application, charts: string, folder: string) {
  const { path, helm: options = {} } = spec.source;
  const chart = join(charts, relative("charts", path));
  const own = join(folder, "values.json");
  writeFileSync(own, JSON.stringify(options.valuesObject ?? {}));
  const files = (options.valueFiles ?? [])
    .map((file) => join(chart, file))
    .filter((file) => options.ignoreMissingValueFiles !== true || existsSync(file));
  const text = await helm([
    "template",
    options.releaseName ?? metadata.name,
    chart,
    `--namespace=${spec.destination.namespace}`,
    ...[...files, own].map((file) => `--values=${file}`),
  ]);
  return parseAllDocuments(text).flatMap((document) => {
    const object: KubernetesObject | null = document.toJS();
    return object === null ? [] : [object];
  });
}

/** Argo CD adds these to the overlay's own file; here they are put around it. */
async function renderOverlay({ spec }: Application, folder: string) {
  const { path, kustomize: options = {} } = spec.source;
  const overlay = join(ROOT, path);
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: [relative(folder, overlay)],
    components: (options.components ?? []).map((name) => relative(folder, join(overlay, name))),
    patches: options.patches ?? [],
  };
  writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
  return await kustomize(folder);
}
