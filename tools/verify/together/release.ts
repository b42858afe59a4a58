import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SERVICES } from "@tessera/testkit/services";
import { withDigest } from "../../release/with-digest.ts";
import { workloads } from "../charts/objects.ts";
import type { KubernetesObject } from "../render-charts.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

/** Writes a digest for every workload into a copy of the charts, as the release workflow does. */
export function release(charts: string, environment: string): void {
  for (const service of SERVICES) {
    const file = join(charts, service, `values-${environment}.yaml`);
    writeFileSync(file, withDigest(readFileSync(file, "utf8"), DIGEST));
  }
}

/** Pods that would run something else than what was released, and workloads that nobody runs. */
export function releaseProblems(objects: readonly KubernetesObject[]): string[] {
  const images = workloads(objects).flatMap(({ spec }) =>
    spec.template.spec.containers.map(({ image }) => image),
  );
  const released = SERVICES.map((service) => `/tessera/${service}@${DIGEST}`);
  return [
    ...images
      .filter((image) => !released.some((end) => image.endsWith(end)))
      .map((image) => `some pod runs ${image}, which was not released`),
    ...released
      .filter((end) => !images.some((image) => image.endsWith(end)))
      .map((end) => `no pod runs …${end}, which was released`),
  ];
}
