import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import {
  CHARTS_FOLDER,
  installations,
  type KubernetesObject,
  render,
  withCharts,
} from "./render-charts.ts";
import { renderMesh } from "./render-mesh.ts";

/** Objects that are applied together, and where they come from. */
export interface Batch {
  part: "charts" | "mesh" | "terraform";
  origin: string;
  /** The environments that have them: a laptop's is `kind`; none for what only checks render. */
  environments: readonly string[];
  objects: readonly KubernetesObject[];
}

/** The charts that Terraform itself installs. */
const DELIVERY_FOLDER = join(ROOT, "terraform", "modules", "delivery", "charts");

let rendering: Promise<readonly Batch[]> | undefined;

/** Everything that charts/, mesh/ and terraform/ make; rendered once. */
export function everything(): Promise<readonly Batch[]> {
  rendering ??= renderEverything();
  return rendering;
}

async function renderEverything(): Promise<readonly Batch[]> {
  const charts = await chartsIn(CHARTS_FOLDER, "charts", ["kind"]);
  const delivery = await chartsIn(DELIVERY_FOLDER, "terraform", ["staging", "prod"]);
  const mesh = (await renderMesh()).map(
    ({ overlay, objects }): Batch => ({
      part: "mesh",
      origin: `mesh, ${overlay}`,
      environments: [overlay === "base" ? "kind" : overlay],
      objects,
    }),
  );
  return [...charts, ...delivery, ...mesh];
}

/** `plain` says who installs a chart that has only one values file. */
async function chartsIn(
  folder: string,
  part: Batch["part"],
  plain: readonly string[],
): Promise<Batch[]> {
  return await withCharts(folder, async (charts) => {
    const batches: Batch[] = [];
    for (const { chart, values } of installations(charts)) {
      const [, environment] = /^values-(.+)\.yaml$/.exec(values) ?? [];
      const named = environment === undefined ? [] : [environment];
      batches.push({
        part,
        origin: `${part}, ${chart} with ${values}`,
        environments: values === "values.yaml" ? plain : named,
        objects: await render(charts, chart, values),
      });
    }
    return batches;
  });
}
