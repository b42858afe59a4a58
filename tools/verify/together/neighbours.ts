import type { KubernetesObject } from "../render-charts.ts";

interface MeshTlsAuthentication extends KubernetesObject {
  spec: { identityRefs?: { kind: string; namespace?: string; name?: string }[] };
}

interface NetworkPolicy extends KubernetesObject {
  spec: Partial<Record<"ingress" | "egress", { from?: Peer[]; to?: Peer[] }[]>>;
}

interface Peer {
  namespaceSelector?: { matchLabels?: Record<string, string> };
}

const OWN_NAMESPACE = "tessera";
/** They are there in every cluster. */
const GIVEN_NAMESPACES = ["kube-system", "default"];

/** Whoever is let in, or called, from outside the product, and that Terraform's text does not name. */
export function neighbourProblems(
  objects: readonly KubernetesObject[],
  terraform: string,
): string[] {
  const isUnknown = (name: string) => !terraform.includes(`"${name}"`);
  const callers = objects
    .filter((object): object is MeshTlsAuthentication => object.kind === "MeshTLSAuthentication")
    .flatMap(({ metadata, spec }) =>
      (spec.identityRefs ?? [])
        .filter(({ namespace = OWN_NAMESPACE }) => namespace !== OWN_NAMESPACE)
        .flatMap(({ namespace = "", name = "" }) => [namespace, name])
        .filter(isUnknown)
        .map((name) => `${metadata.name} lets ${name} in, which Terraform does not make`),
    );
  const namespaces = objects
    .filter((object): object is NetworkPolicy => object.kind === "NetworkPolicy")
    .flatMap(({ metadata, spec }) =>
      [...(spec.ingress ?? []), ...(spec.egress ?? [])]
        .flatMap(({ from = [], to = [] }) => [...from, ...to])
        .flatMap(
          (peer) => peer.namespaceSelector?.matchLabels?.["kubernetes.io/metadata.name"] ?? [],
        )
        .filter((name) => ![OWN_NAMESPACE, ...GIVEN_NAMESPACES].includes(name))
        .filter(isUnknown)
        .map((name) => `${metadata.name} names namespace ${name}, which Terraform does not make`),
    );
  return [...new Set([...callers, ...namespaces])];
}
