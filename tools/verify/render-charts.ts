import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "@tessera/testkit/services";
import { parse, parseAllDocuments } from "yaml";
import { goTool } from "./go-tools.ts";

/** An object as a chart renders it; deeper fields are looked at by those who know them. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

/** What one chart makes of one of its values files. */
export interface Rendered {
  chart: string;
  /** The file's name; `values.yaml` when there is nothing on top of it. */
  values: string;
  objects: KubernetesObject[];
}

/** The charts of the tree. */
export const CHARTS_FOLDER = join(ROOT, "charts");

/** What only a cluster's own delivery can say, and a schema therefore requires. */
const BESIDE = "ci/values.yaml";

const run = promisify(execFile);

/** Renders every chart with every values file that is meant to be installed. */
export async function renderAll(source = CHARTS_FOLDER): Promise<Rendered[]> {
  return await withCharts(source, async (charts) => {
    const all = installations(charts).map(async ({ chart, values }) => {
      return { chart, values, objects: await render(charts, chart, values) };
    });
    return await Promise.all(all);
  });
}

/** Runs `work` on a copy of the charts with their dependencies built: the tree stays as it is. */
export async function withCharts<T>(
  source: string,
  work: (charts: string) => Promise<T>,
): Promise<T> {
  using folder = mkdtempDisposableSync(join(tmpdir(), "tessera-charts-"));
  // What somebody built beside them may be of yesterday.
  const isSource = (path: string) => !/^[^/]+\/charts$/.test(relative(source, path));
  cpSync(source, folder.path, { recursive: true, filter: isSource });
  for (const chart of chartsIn(folder.path).filter((name) => hasDependencies(folder.path, name))) {
    await helm(["dependency", "build", join(folder.path, chart)]);
  }
  return await work(folder.path);
}

/** Each chart that can be installed, with each of the files that say where, and each example. */
export function installations(charts: string): { chart: string; values: string }[] {
  return chartsIn(charts).flatMap((chart) => {
    const files = globSync(["values-*.yaml", "ci/*.yaml"], { cwd: join(charts, chart) });
    const whole = files.filter((name) => name !== BESIDE).sort();
    // Where there are environments, there is nothing to install without one.
    return (whole.length > 0 ? whole : ["values.yaml"]).map((values) => ({ chart, values }));
  });
}

/** What a chart makes of a values file. */
export async function render(
  charts: string,
  chart: string,
  values: string,
): Promise<KubernetesObject[]> {
  const text = await helm(["template", chart, ...chartArguments(charts, chart, values)]);
  return parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) {
      throw new Error(`${chart} with ${values}: ${problem.message}`, { cause: problem });
    }
    const object: KubernetesObject | null = document.toJS();
    return object === null ? [] : [object];
  });
}

/** The arguments that name a chart with a values file, as for `helm template` and `helm lint`. */
export function chartArguments(charts: string, chart: string, values: string): string[] {
  // A chart's own values are there anyway, below the others.
  const files = [BESIDE, ...(values === "values.yaml" ? [] : [values])]
    .map((name) => join(charts, chart, name))
    .filter((file) => existsSync(file));
  return [join(charts, chart), "--namespace=tessera", ...files.map((file) => `--values=${file}`)];
}

/** What helm prints; rejects with what it says when it fails. */
export async function helm(command: readonly string[]): Promise<string> {
  const { stdout } = await run(await goTool("helm"), command, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** The charts that are no libraries. */
function chartsIn(charts: string): string[] {
  return readdirSync(charts)
    .filter((name) => existsSync(join(charts, name, "Chart.yaml")))
    .filter((name) => chartFile(charts, name).type !== "library");
}

function hasDependencies(charts: string, chart: string): boolean {
  return (chartFile(charts, chart).dependencies ?? []).length > 0;
}

function chartFile(charts: string, chart: string): { type?: string; dependencies?: unknown[] } {
  return parse(readFileSync(join(charts, chart, "Chart.yaml"), "utf8"));
}
