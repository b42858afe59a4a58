import type { KubernetesObject } from "../render-charts.ts";

const LABEL = "elbv2.k8s.aws/pod-readiness-gate-inject";

/**
 * Charts of Terraform's whose pods a load balancer sends to by itself, in namespaces where nothing
 * makes a new pod wait for it: a restart could then leave it without anybody.
 */
export function readinessGateProblems(
  objects: readonly KubernetesObject[],
  terraform: string,
): string[] {
  return terraform
    .split(/^ {4}(?=[\w-]+ = \{$)/m)
    .filter((chart) => /load-balancer-nlb-target-type" *= "ip"/.test(chart))
    .flatMap((chart) => /^ +namespace += "([\w-]+)"$/m.exec(chart)?.[1] ?? [])
    .filter(
      (name) =>
        !objects.some(
          ({ kind, metadata }) =>
            kind === "Namespace" &&
            metadata.name === name &&
            metadata.labels?.[LABEL] === "enabled",
        ),
    )
    .map((name) => `pods in ${name} are ready before their load balancer knows them`);
}
