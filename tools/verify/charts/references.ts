import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { parseAllDocuments } from "yaml";
import type { KubernetesObject, Rendered } from "../render-charts.ts";
import {
  appOf,
  type Container,
  type Labels,
  ofKind,
  selected,
  type Workload,
  workloads,
} from "./objects.ts";

/** Ports of Linkerd's proxy, which is put into the pod by the cluster. */
const PROXY_PORTS = [4143, 4191];

/** What names something else of the same release names something that is there. */
export function checkReferences({ objects }: Rendered): string[] {
  return [
    ...servicePorts(objects),
    ...ingressBackends(objects),
    ...policyPorts(objects),
    ...identities(objects),
    ...secretKeys(objects),
    ...scaleTargets(objects),
    ...budgets(objects),
    ...programs(objects),
  ];
}

function servicePorts(objects: KubernetesObject[]): string[] {
  return ofKind(objects, "Service").flatMap(({ metadata, spec }) => {
    const pods = selected(objects, spec.selector);
    const named = `Service ${metadata.name}`;
    if (pods.length !== 1) {
      return [`${named} selects the pods of ${pods.length} workloads`];
    }
    return spec.ports
      .filter(({ targetPort }) => !pods.every((pod) => hasPort(pod, targetPort)))
      .map(({ targetPort }) => `${named}: its pods have no port ${targetPort}`);
  });
}

function hasPort({ spec }: Workload, port: string | number): boolean {
  return spec.template.spec.containers.some((container) => portOf(container, port) !== undefined);
}

/** The number of a container's port, by its name or itself. */
export function portOf({ ports = [] }: Container, port: string | number): number | undefined {
  return ports.find(({ name, containerPort }) => port === name || port === containerPort)
    ?.containerPort;
}

function ingressBackends(objects: KubernetesObject[]): string[] {
  const paths = ofKind(objects, "Ingress").flatMap(({ spec }) =>
    spec.rules.flatMap(({ http }) => http.paths),
  );
  return paths
    .map(({ backend }) => backend.service)
    .filter(
      ({ name, port }) =>
        !ofKind(objects, "Service").some(
          ({ metadata, spec }) =>
            metadata.name === name && spec.ports.some((each) => each.name === port.name),
        ),
    )
    .map(({ name, port }) => `the Ingress wants port ${port.name} of Service ${name}`);
}

function policyPorts(objects: KubernetesObject[]): string[] {
  return ofKind(objects, "NetworkPolicy").flatMap(({ metadata, spec }) => {
    const named = `NetworkPolicy ${metadata.name}`;
    const pods = selected(objects, spec.podSelector.matchLabels);
    const ports = (spec.ingress ?? []).flatMap((rule) => rule.ports.map(({ port }) => port));
    const unknown = ports.filter(
      (port) =>
        !PROXY_PORTS.some((own) => own === port) && !pods.every((pod) => hasPort(pod, port)),
    );
    return [
      ...(pods.length === 0 ? [`${named} is about no pods`] : []),
      ...unknown.map((port) => `${named} lets in to port ${port}, which its pods have not`),
    ];
  });
}

function identities(objects: KubernetesObject[]): string[] {
  const accounts = ofKind(objects, "ServiceAccount").map(({ metadata }) => metadata.name);
  return workloads(objects)
    .map(({ metadata, spec }) => ({ metadata, account: spec.template.spec.serviceAccountName }))
    .filter(({ account }) => account !== undefined && !accounts.includes(account))
    .map(({ metadata, account }) => `${metadata.name} runs as ${account}, which nobody makes`);
}

function secretKeys(objects: KubernetesObject[]): string[] {
  const keys = [
    ...ofKind(objects, "Secret").flatMap(({ metadata, stringData = {} }) =>
      Object.keys(stringData).map((key) => `${metadata.name}/${key}`),
    ),
    ...ofKind(objects, "ExternalSecret").flatMap(({ spec }) =>
      spec.data.map(({ secretKey }) => `${spec.target.name}/${secretKey}`),
    ),
  ];
  return workloads(objects).flatMap(({ metadata, spec }) =>
    spec.template.spec.containers.flatMap(({ env = [], envFrom = [] }) => [
      ...env
        .flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? [])
        .filter(({ name, key }) => !keys.includes(`${name}/${key}`))
        .map(({ name, key }) => `${metadata.name} wants key ${key} of Secret ${name}`),
      ...envFrom.map(
        () => `${metadata.name} reads settings that change under the pods of old releases`,
      ),
    ]),
  );
}

function scaleTargets(objects: KubernetesObject[]): string[] {
  const scalers = [
    ...ofKind(objects, "HorizontalPodAutoscaler"),
    ...ofKind(objects, "ScaledObject"),
  ];
  return ofKind(objects, "Deployment").flatMap((deployment) => {
    const { name } = deployment.metadata;
    const own = scalers.filter(({ spec }) => spec.scaleTargetRef.name === name);
    const isRollout = own.some(({ spec }) => spec.scaleTargetRef.kind === "Rollout");
    const { replicas } = deployment.spec;
    const containers = own.flatMap(({ spec }) => [
      ...(spec.metrics ?? []).flatMap(
        ({ containerResource }) => containerResource?.container ?? [],
      ),
      ...(spec.triggers ?? []).flatMap(({ metadata }) => metadata.containerName ?? []),
    ]);
    const measured = deployment.spec.template.spec.containers
      .filter(({ resources }) => resources?.requests?.cpu !== undefined)
      .map((container) => container.name);
    return [
      ...(own.length > 1 ? [`${name} has ${own.length} autoscalers`] : []),
      ...(!isRollout && (replicas !== undefined) === own.length > 0
        ? [`${name} has replicas and an autoscaler, or neither`]
        : []),
      ...(isRollout && replicas !== 0 ? [`${name} runs pods beside those of its Rollout`] : []),
      ...(isRollout && !hasRollout(name)
        ? [`${name} is scaled as a Rollout, and mesh/ has none`]
        : []),
      ...containers
        .filter((container) => !measured.includes(container))
        .map((container) => `${name} is scaled by the CPU of ${container}, which requests none`),
    ];
  });
}

/** Rollouts are in the mesh's folder, beside the routes whose weights they move. */
function hasRollout(name: string): boolean {
  return globSync("mesh/components/**/*.yaml", { cwd: ROOT })
    .flatMap((file) => parseAllDocuments(readFileSync(join(ROOT, file), "utf8")))
    .map((document): KubernetesObject => document.toJS())
    .some(({ kind, metadata }) => kind === "Rollout" && metadata.name === name);
}

/** A budget, like a selector, is about the pods of one Deployment, and never about a Job's. */
function budgets(objects: KubernetesObject[]): string[] {
  const about = (named: string, selector: Labels) => {
    const kinds = selected(objects, selector).map(({ kind }) => kind);
    return kinds.join() === "Deployment" ? [] : [`${named} selects ${kinds.join() || "nothing"}`];
  };
  return [
    ...ofKind(objects, "PodDisruptionBudget").flatMap(({ metadata, spec }) =>
      about(`PodDisruptionBudget ${metadata.name}`, spec.selector.matchLabels),
    ),
    ...ofKind(objects, "Deployment").flatMap(({ metadata, spec }) =>
      about(`Deployment ${metadata.name}`, spec.selector?.matchLabels ?? {}),
    ),
  ];
}

/** Images keep the layout of the tree, below /app; without a command, the image's own is run. */
function programs(objects: KubernetesObject[]): string[] {
  return workloads(objects).flatMap((workload) => {
    const { command = [], workingDir = "" } = appOf(workload);
    const file = join(workingDir.replace(/^\/app\//, ""), command.at(-1) ?? "");
    return existsSync(join(ROOT, file))
      ? []
      : [`${workload.metadata.name} runs ${file}, which is not there`];
  });
}
