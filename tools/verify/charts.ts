import { fineUnless, type Step } from "../check/step.ts";
import {
  checkApplications,
  checkBranches,
  checkEnvironments,
  checkWaves,
} from "./charts/delivery.ts";
import { checkNeighbours } from "./charts/neighbours.ts";
import { isWorkload } from "./charts/objects.ts";
import { checkPrograms } from "./charts/programs.ts";
import { checkReferences } from "./charts/references.ts";
import { checkSchema } from "./charts/schema.ts";
import {
  CHARTS_FOLDER,
  chartArguments,
  helm,
  installations,
  type Rendered,
  renderAll,
  withCharts,
} from "./render-charts.ts";

let rendering: Promise<Rendered[]> | undefined;

/** Rendered once for all steps. */
function rendered(): Promise<Rendered[]> {
  rendering ??= renderAll();
  return rendering;
}

/** What is wrong with charts, each problem with the chart and the values it is seen with. */
export function problemsOf(charts: string, all: readonly Rendered[]): string[] {
  const workloads = all.filter(isWorkload);
  // Those of one environment are installed together; an example stands alone.
  const installed = workloads.filter(({ values }) => values.startsWith("values-"));
  const together = Map.groupBy(installed, ({ values }) => values);
  return [
    ...seen(workloads, checkReferences),
    ...seen(workloads, checkPrograms),
    ...seen(workloads, (each) => checkSchema(charts, each)),
    ...seen(all, checkWaves),
    ...seen(all, checkApplications),
    ...checkEnvironments(charts),
    ...checkBranches(charts),
    ...[...together].flatMap(([values, group]) =>
      checkNeighbours(group).map((problem) => `${values}: ${problem}`),
    ),
  ];
}

function seen(all: readonly Rendered[], check: (each: Rendered) => string[]): string[] {
  return all.flatMap((each) =>
    check(each).map((problem) => `${each.chart} with ${each.values}: ${problem}`),
  );
}

async function lint(): Promise<string[]> {
  return await withCharts(CHARTS_FOLDER, async (charts) => {
    const outcomes = installations(charts).map(async ({ chart, values }) => {
      try {
        await helm(["lint", "--strict", ...chartArguments(charts, chart, values)]);
        return [];
      } catch (reason) {
        return [reason instanceof Error ? reason.message : String(reason)];
      }
    });
    return (await Promise.all(outcomes)).flat();
  });
}

/** The charts: Helm's own opinion, and what no schema sees. */
export const chartsSteps: readonly Step[] = [
  {
    name: "charts: helm lint, with every values file",
    run: async () => fineUnless(await lint()),
  },
  {
    name: "charts: names, ports, settings and waves agree",
    run: async () => {
      const all = await rendered();
      return fineUnless(problemsOf(CHARTS_FOLDER, all), `${all.length} charts with values`);
    },
  },
];
