import { appOf, ofKind, plainEnv } from "../charts/objects.ts";
import type { KubernetesObject } from "../render-charts.ts";

// Terraform's files are read as text: only names and numbers are looked for, and HCL that is wrong
// is found by Terraform itself.

interface ExternalSecret extends KubernetesObject {
  spec: { data: { remoteRef: { key: string; property: string } }[] };
}

interface Autoscaler extends KubernetesObject {
  spec: { maxReplicas?: number; maxReplicaCount?: number };
}

/** Names of secrets, or of values in them, that Terraform does not write. */
export function secretProblems(objects: readonly KubernetesObject[], terraform: string): string[] {
  const secrets = objects.filter(
    (object): object is ExternalSecret => object.kind === "ExternalSecret",
  );
  return secrets.flatMap(({ metadata, spec }) =>
    spec.data
      .map(({ remoteRef }) => remoteRef)
      .filter(
        ({ key, property }) =>
          !/^tessera\/(staging|prod)\/[a-z-]+$/.test(key) ||
          !key.endsWith(`/${metadata.name}`) ||
          !new RegExp(`\\b${property}\\b`).test(terraform),
      )
      .map(({ key, property }) => `${metadata.name} reads ${property} of ${key}`),
  );
}

/** Workloads that may take more connections than the database was chosen for. */
export function budgetProblems(objects: readonly KubernetesObject[], settings: string): string[] {
  const counted = settings.matchAll(
    /^ +([a-z-]+) += \{ max_replicas = (\d+), mysql_pool_size = (\d+) \}$/gm,
  );
  const problems = [...counted].flatMap(([, name = "", replicas, connections]) => {
    const scaler = objects.find(
      (object): object is Autoscaler =>
        ["HorizontalPodAutoscaler", "ScaledObject"].includes(object.kind) &&
        object.metadata.name === name,
    );
    const most = scaler?.spec.maxReplicas ?? scaler?.spec.maxReplicaCount;
    const workload = ofKind(objects, "Deployment").find(({ metadata }) => metadata.name === name);
    const pool = workload && plainEnv(appOf(workload)).MYSQL_POOL_SIZE;
    return [
      ...(most === Number(replicas)
        ? []
        : [`${name} has up to ${most} replicas, and Terraform counts with ${replicas}`]),
      ...(pool === connections
        ? []
        : [`${name} has ${pool} connections a replica, and Terraform counts with ${connections}`]),
    ];
  });
  const isThere = /max_replicas/.test(settings) && /mysql_pool_size/.test(settings);
  return isThere ? problems : ["terraform.tfvars counts no replicas"];
}

/** A cluster of another version than the one whose code has judged the objects. */
export function versionProblems(judge: string, settings: string): string[] {
  const [, version] = /kubernetes_version += "([\d.]+)"/.exec(settings) ?? [];
  return judge.startsWith(`v${version}.`)
    ? []
    : [`the cluster has Kubernetes ${version}, and the objects were judged by ${judge}`];
}
