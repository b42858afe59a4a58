import type { KubernetesObject } from "../render-charts.ts";
import type { World } from "./world.ts";

const DURATION = /^\d+(ms|s|m|h|d)$/;
const NUMBER = /^\d+(\.\d+)?$/;
/** More of them would be asked for together, without spaces: docs/adr/0011 wants this one alone. */
const GRPC_CONDITION = /^unavailable$/;
const ROUTES = ["GRPCRoute", "HTTPRoute"];
const accrual = "balancer.linkerd.io/failure-accrual";

/**
 * The annotations of Linkerd that are in use here, by where they are read and how they are written.
 *
 * Linkerd passes over what it does not know, and drops a whole group for one value that it cannot
 * read: neither says anything.
 */
const KNOWN: Readonly<Record<string, { kinds: readonly string[]; value: RegExp }>> = {
  "linkerd.io/inject": { kinds: ["Namespace"], value: /^(enabled|disabled|ingress)$/ },
  "config.linkerd.io/default-inbound-policy": { kinds: ["Namespace"], value: /^(deny|audit)$/ },
  "retry.linkerd.io/grpc": { kinds: ["GRPCRoute"], value: GRPC_CONDITION },
  "retry.linkerd.io/limit": { kinds: ["GRPCRoute"], value: /^1$/ },
  "retry.linkerd.io/timeout": { kinds: ["GRPCRoute"], value: DURATION },
  "timeout.linkerd.io/request": { kinds: ROUTES, value: DURATION },
  [accrual]: { kinds: ["Service"], value: /^consecutive$/ },
  [`${accrual}-consecutive-max-failures`]: { kinds: ["Service"], value: /^\d+$/ },
  [`${accrual}-consecutive-min-penalty`]: { kinds: ["Service"], value: DURATION },
  [`${accrual}-consecutive-max-penalty`]: { kinds: ["Service"], value: DURATION },
  [`${accrual}-consecutive-jitter-ratio`]: { kinds: ["Service"], value: NUMBER },
};

/** What is wrong with Linkerd's annotations on the mesh's objects and on the charts' Services. */
export function checkAnnotations({ objects, workloads }: World): string[] {
  return [...objects, ...workloads.map(({ service }) => service)].flatMap(checkObject);
}

function checkObject({ kind, metadata }: KubernetesObject): string[] {
  const entries = Object.entries(metadata.annotations ?? {});
  return entries
    .filter(([name]) => name.split("/")[0]?.endsWith("linkerd.io"))
    .flatMap(([name, value]) => {
      const known = KNOWN[name];
      const where = `${kind} ${metadata.name}: ${name}`;
      if (known === undefined || !known.kinds.includes(kind)) {
        return [`${where} means nothing here`];
      }
      return known.value.test(value) ? [] : [`${where} cannot be "${value}"`];
    });
}
