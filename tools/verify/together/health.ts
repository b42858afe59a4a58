import type { KubernetesObject } from "../render-charts.ts";
import type { Delivery } from "./argocd.ts";

interface Waiting extends KubernetesObject {
  spec: {
    parentRefs?: { kind: string; name: string }[];
    workloadRef?: { kind: string; name: string };
  };
}

const WAVE = "argocd.argoproj.io/sync-wave";
const IGNORE = "argocd.argoproj.io/ignore-healthcheck";
/** Kinds that Argo CD calls degraded while what they name is not there. */
const WAITING = ["GRPCRoute", "HTTPRoute", "Rollout"];

/** What waits for a later wave, which waits until it is healthy: neither would ever come. */
export function healthProblems(deliveries: readonly Delivery[]): string[] {
  const waves = new Map(
    deliveries.flatMap(({ application, objects }) =>
      objects.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, waveOf(application)]),
    ),
  );
  return deliveries.flatMap(({ application, objects }) =>
    objects
      .filter((object): object is Waiting => WAITING.includes(object.kind))
      .filter(({ metadata }) => metadata.annotations?.[IGNORE] !== "true")
      .flatMap((object) =>
        needsOf(object)
          .filter((need) => (waves.get(need) ?? 0) > waveOf(application))
          .map(
            (need) =>
              `Application ${application.metadata.name}: ${object.kind} ${object.metadata.name} waits for ${need} of a later wave`,
          ),
      ),
  );
}

function needsOf({ spec }: Waiting): string[] {
  const needs = [...(spec.parentRefs ?? []), ...(spec.workloadRef ? [spec.workloadRef] : [])];
  return needs.map(({ kind, name }) => `${kind} ${name}`);
}

function waveOf({ metadata }: KubernetesObject): number {
  return Number(metadata.annotations?.[WAVE] ?? 0);
}
