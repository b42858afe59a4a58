import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { parse } from "yaml";
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

/** Prod follows a branch that a release moves: what is merged for staging is not prod's at once. */
export function checkBranches(charts: string): string[] {
  const [staging, prod] = ["staging", "prod"].map((environment) => {
    const file = join(charts, "apps", `values-${environment}.yaml`);
    return parse(readFileSync(file, "utf8")).source.revision;
  });
  const workflow = readFileSync(join(ROOT, ".github/workflows/release.yaml"), "utf8");
  return [
    ...(prod === staging ? [`prod follows ${prod}, as staging does`] : []),
    ...(workflow.includes(`inputs.environment == 'prod' && '${prod}' || '${staging}'`)
      ? []
      : [`release.yaml opens its pull requests against others than ${prod} and ${staging}`]),
  ];
}

/** An environment is described twice: to Terraform, and to what Argo CD delivers to it. */
export function checkEnvironments(charts: string): string[] {
  return ["staging", "prod"].flatMap((environment) => {
    const values = parse(readFileSync(join(charts, "apps", `values-${environment}.yaml`), "utf8"));
    const told = readFileSync(join(ROOT, `terraform/envs/${environment}/terraform.tfvars`), "utf8");
    const setting = (name: string) => new RegExp(`\\b${name} += "([^"]+)"`).exec(told)?.[1] ?? "";
    const account = /\d{12}$/.exec(setting("state_bucket"))?.[0];
    const pairs: [string, unknown, string][] = [
      ["environment", values.environment, setting("environment")],
      ["source.repoURL", values.source.repoURL, setting("repository_url")],
      ["source.revision", values.source.revision, setting("revision")],
      ["registry", values.registry, `${account}.dkr.ecr.${setting("region")}.amazonaws.com`],
      ["host", values.host, setting("host")],
      ["storeCidrs", values.storeCidrs.join(), setting("cidr")],
      ["ingress", values.ingress, setting("kind")],
    ];
    return pairs
      .filter(([, value, expected]) => value !== expected)
      .map(([name, value, expected]) => {
        return `charts/apps/values-${environment}.yaml: ${name} is ${value}; Terraform says ${expected}`;
      });
  });
}
