import type { KubernetesObject, Rendered } from "../render-charts.ts";

// The fields that the checks look at. That the rest is well-formed is for the API server to say.

export type Labels = Readonly<Record<string, string>>;

interface Probe {
  httpGet?: { path: string; port: string | number };
}

interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: { name: string; key: string } };
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  workingDir?: string;
  env?: EnvVar[];
  envFrom?: object[];
  ports?: { name: string; containerPort: number }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
  resources?: { requests?: Record<string, string> };
}

interface PodTemplate {
  metadata: { labels: Labels };
  spec: {
    serviceAccountName?: string;
    terminationGracePeriodSeconds?: number;
    containers: Container[];
  };
}

/** A Deployment or a Job. */
export interface Workload extends KubernetesObject {
  spec: { replicas?: number; template: PodTemplate; selector?: { matchLabels: Labels } };
}

interface Service extends KubernetesObject {
  spec: {
    selector: Labels;
    ports: { name: string; port: number; targetPort: string | number; appProtocol?: string }[];
  };
}

interface Peer {
  podSelector?: { matchLabels: Labels };
  namespaceSelector?: { matchLabels: Labels };
}

export interface PolicyRule {
  from?: Peer[];
  to?: Peer[];
  ports: { port: string | number }[];
}

interface NetworkPolicy extends KubernetesObject {
  spec: { podSelector: { matchLabels: Labels }; ingress?: PolicyRule[]; egress?: PolicyRule[] };
}

interface Autoscaler extends KubernetesObject {
  spec: {
    scaleTargetRef: { kind: string; name: string };
    metrics?: { containerResource?: { container: string; name: string } }[];
    triggers?: { type: string; metadata: Record<string, string> }[];
  };
}

interface Budget extends KubernetesObject {
  spec: { selector: { matchLabels: Labels } };
}

interface Ingress extends KubernetesObject {
  spec: {
    rules: {
      http: { paths: { backend: { service: { name: string; port: { name: string } } } }[] };
    }[];
  };
}

interface Kinds {
  Deployment: Workload;
  Job: Workload;
  Service: Service;
  NetworkPolicy: NetworkPolicy;
  HorizontalPodAutoscaler: Autoscaler;
  ScaledObject: Autoscaler;
  PodDisruptionBudget: Budget;
  Ingress: Ingress;
  ServiceAccount: KubernetesObject;
  Secret: KubernetesObject & { stringData?: Record<string, string> };
  ExternalSecret: KubernetesObject & {
    spec: { target: { name: string }; data: { secretKey: string }[] };
  };
  Application: KubernetesObject & {
    spec: {
      project: string;
      source: { path: string; helm?: { valueFiles?: string[]; ignoreMissingValueFiles?: boolean } };
    };
  };
}

/** The objects of a kind. The API server's code has judged their shape. */
export function ofKind<K extends keyof Kinds>(
  objects: readonly KubernetesObject[],
  kind: K,
): Kinds[K][] {
  return objects.filter((object) => object.kind === kind) as Kinds[K][];
}

/** What makes pods. */
export function workloads(objects: readonly KubernetesObject[]): Workload[] {
  return [...ofKind(objects, "Deployment"), ...ofKind(objects, "Job")];
}

/** Those whose pods a selector takes. */
export function selected(objects: readonly KubernetesObject[], selector: Labels): Workload[] {
  return workloads(objects).filter(({ spec }) =>
    Object.entries(selector).every(
      ([name, value]) => spec.template.metadata.labels[name] === value,
    ),
  );
}

/** The container that is ours. */
export function appOf({ spec }: Workload): Container {
  const app = spec.template.spec.containers.find(({ name }) => name === "app");
  if (app === undefined) {
    throw new Error("a pod has no container named app");
  }
  return app;
}

/** The environment that a container gets, as far as it is written down; secrets are not. */
export function plainEnv({ env = [] }: Container): Record<string, string> {
  return Object.fromEntries(
    env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Whether a chart is that of a workload of ours. */
export function isWorkload({ objects }: Rendered): boolean {
  return workloads(objects).some(
    ({ metadata }) => metadata.labels?.["app.kubernetes.io/part-of"] === "tessera",
  );
}
