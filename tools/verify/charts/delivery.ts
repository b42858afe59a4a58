import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import type { KubernetesObject, Rendered } from "../render-charts.ts";
import { ofKind } from "./objects.ts";

const WAVE = "argocd.argoproj.io/sync-wave";

/** What migrations need is there before them, and they are done before what needs them. */
export function checkWaves({ objects }: Rendered): string[] {
  const hooks = objects
    .filter(({ metadata }) => metadata.annotations?.["helm.sh/hook"] !== undefined)
    .map(({ kind, metadata }) => `${kind} ${metadata.name} is a Helm hook: docs/adr/0013`);
  const migrations = ofKind(objects, "Job").flatMap((job) => {
    const before = objects
      .filter(({ kind }) =>
        ["ServiceAccount", "Secret", "ExternalSecret", "NetworkPolicy"].includes(kind),
      )
      .filter((object) => waveOf(object) >= waveOf(job));
    const after = ofKind(objects, "Deployment").filter((object) => waveOf(object) <= waveOf(job));
    return [
      ...before.map(({ kind }) => `a ${kind} comes after the migrations, which need it`),
      ...after.map(({ kind }) => `a ${kind} comes before the migrations it needs`),
    ];
  });
  return [...hooks, ...migrations];
}

function waveOf({ metadata }: KubernetesObject): number {
  return Number(metadata.annotations?.[WAVE] ?? 0);
}

/** Applications deliver folders and values files of this tree, from projects that exist. */
export function checkApplications({ objects }: Rendered): string[] {
  const projects = objects
    .filter(({ kind }) => kind === "AppProject")
    .map(({ metadata }) => metadata.name);
  return ofKind(objects, "Application").flatMap(({ metadata, spec }) => {
    const { path, helm } = spec.source;
    const files = helm?.ignoreMissingValueFiles === true ? [] : (helm?.valueFiles ?? []);
    const wanted = [path, ...files.map((file) => join(path, file))];
    return [
      ...wanted
        .filter((name) => !existsSync(join(ROOT, name)))
        .map((name) => `Application ${metadata.name} wants ${name}, which is not there`),
      ...(projects.includes(spec.project)
        ? []
        : [`Application ${metadata.name} is of project ${spec.project}, which nobody makes`]),
    ];
  });
}
