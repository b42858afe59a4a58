import { appOf, type Labels, selected } from "../charts/objects.ts";
import type { KubernetesObject, Rendered } from "../render-charts.ts";
import type { Rule } from "./files.ts";
import { selectorsOf } from "./queries.ts";

interface PodMonitor extends KubernetesObject {
  spec: {
    jobLabel?: string;
    selector: { matchLabels?: Labels };
    podMetricsEndpoints: {
      port: string;
      relabelings?: { targetLabel?: string; replacement?: string }[];
    }[];
  };
}

const NAME = "app.kubernetes.io/name";

/** Whether Prometheus finds the workloads by the ports that they have and the jobs that rules name. */
export function checkMonitors(all: readonly Rendered[], rules: readonly Rule[]): string[] {
  const objects = all.flatMap(({ objects }) => objects);
  return all
    .filter(({ chart }) => chart === "monitoring")
    .flatMap(({ values, objects: own }) => {
      const monitors = own.filter(({ kind }) => kind === "PodMonitor") as PodMonitor[];
      const jobs = new Set(monitors.flatMap(jobsOf));
      const unknown = jobsIn(rules).filter((job) => !jobs.has(job));
      return [
        ...monitors.flatMap((monitor) => checkPorts(monitor, objects)),
        ...unknown.map((job) => `no PodMonitor makes the job ${job}`),
      ].map((problem) => `monitoring with ${values}: ${problem}`);
    });
}

/** Our own workloads; whose name is no pod's of ours is somebody else's. */
function checkPorts(
  { metadata, spec }: PodMonitor,
  objects: readonly KubernetesObject[],
): string[] {
  const labels = spec.selector.matchLabels;
  if (labels?.["app.kubernetes.io/part-of"] === undefined) {
    return [];
  }
  const pods = selected(objects, labels).filter(({ kind }) => kind === "Deployment");
  const ports = pods.flatMap((pod) => appOf(pod).ports ?? []).map(({ name }) => name);
  return [
    ...(pods.length > 0 ? [] : [`${metadata.name} selects no pods`]),
    ...spec.podMetricsEndpoints
      .filter(({ port }) => pods.length > 0 && !ports.includes(port))
      .map(({ port }) => `${metadata.name}: the pods have no port ${port}`),
  ];
}

function jobsOf({ spec }: PodMonitor): string[] {
  const named = spec.podMetricsEndpoints
    .flatMap(({ relabelings = [] }) => relabelings)
    .flatMap(({ targetLabel, replacement = "" }) => (targetLabel === "job" ? [replacement] : []));
  const byLabel = spec.jobLabel === NAME ? [spec.selector.matchLabels?.[NAME] ?? ""] : [];
  return [...named, ...byLabel];
}

function jobsIn(rules: readonly Rule[]): string[] {
  const chosen = rules
    .flatMap(({ expr }) => selectorsOf(expr))
    .flatMap(({ matchers }) => matchers.filter(({ label }) => label === "job"))
    .flatMap(({ value }) => value.split("|"));
  const made = rules
    .flatMap(({ expr }) => [...expr.matchAll(/label_replace\(vector\(1\), "job", "([^"]+)"/g)])
    .map(([, job = ""]) => job);
  return [...new Set([...chosen, ...made])];
}
