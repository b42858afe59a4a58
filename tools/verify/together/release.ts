import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SERVICES } from "@tessera/testkit/services";
import { withDigest } from "../../release/with-digest.ts";
import { workloads } from "../charts/objects.ts";
import { CHARTS_FOLDER, render, withCharts } from "../render-charts.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

/** Workloads whose pods would not run what a release writes into their values. */
export async function releaseProblems(environments: readonly string[]): Promise<string[]> {
  return await withCharts(CHARTS_FOLDER, async (charts) => {
    const problems: string[] = [];
    for (const [environment, chart] of environments.flatMap((name) =>
      SERVICES.map((service) => [name, service] as const),
    )) {
      const values = `values-${environment}.yaml`;
      const file = join(charts, chart, values);
      writeFileSync(file, withDigest(readFileSync(file, "utf8"), DIGEST));
      const images = workloads(await render(charts, chart, values)).flatMap(({ spec }) =>
        spec.template.spec.containers.map(({ image }) => image),
      );
      const other = images.filter((image) => !image.endsWith(`/tessera/${chart}@${DIGEST}`));
      problems.push(...other.map((image) => `${environment}: ${chart} would run ${image}`));
      if (images.length === 0) {
        problems.push(`${environment}: ${chart} would run nothing`);
      }
    }
    return problems;
  });
}
