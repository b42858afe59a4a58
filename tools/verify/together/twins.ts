import type { KubernetesObject } from "../render-charts.ts";

/** Objects that two parts make: whoever applies last would win, until the other does again. */
export function twins(objects: readonly KubernetesObject[]): string[] {
  const groups = Map.groupBy(objects, ({ apiVersion, kind, metadata }) => {
    const group = apiVersion.includes("/") ? `${apiVersion.split("/")[0]}/` : "";
    // Charts leave it to whoever installs them.
    return `${group}${kind} ${metadata.namespace ?? "tessera"}/${metadata.name}`;
  });
  return [...groups]
    .filter(([, { length }]) => length > 1)
    .map(([name, { length }]) => `${name} is made ${length} times`);
}
