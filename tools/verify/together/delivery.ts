import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { parse } from "yaml";
import { type Answer, judgeObjects } from "../api-server.ts";
import { helm, type KubernetesObject } from "../render-charts.ts";
import { type Application, type Delivery, deliver } from "./argocd.ts";
import { healthProblems } from "./health.ts";
import { ignoredProblems } from "./ignored.ts";
import { release, releaseProblems } from "./release.ts";

interface AppProject extends KubernetesObject {
  spec: {
    sourceRepos: string[];
    destinations: { namespace: string }[];
    clusterResourceWhitelist?: { group: string; kind: string }[];
  };
}

/** Argo CD's own project, which may do everything: the root is of it, and nothing else should be. */
const DEFAULT_PROJECT = "default";
const ROOT_CHART = join(ROOT, "terraform", "modules", "delivery", "charts", "root");

/** What would go wrong with an environment's delivery, from Terraform's root to the last pod. */
export async function deliveryProblems(environment: string): Promise<string[]> {
  try {
    const root = await rootOf(environment);
    // Without a release there is no image to run, and charts say so.
    const deliveries = await deliver(root, (charts) => release(charts, environment));
    const objects = deliveries.flatMap((delivery) => delivery.objects);
    const judged = await judgeObjects(objects);
    const answers = new Map(objects.map((object, index) => [object, judged[index]]));
    return [
      ...refusals(deliveries, answers),
      ...healthProblems(deliveries),
      ...ignoredProblems(deliveries),
      ...releaseProblems(objects),
    ];
  } catch (reason) {
    return [reason instanceof Error ? reason.message : String(reason)];
  }
}

async function rootOf(environment: string): Promise<Application> {
  const values = `--values=${join(ROOT_CHART, "ci", "values.yaml")}`;
  const settings = ["template", "root", ROOT_CHART, values, `--set=environment=${environment}`];
  return parse(await helm(settings));
}

/** What the API server or Argo CD would refuse: no project lets an Application make everything. */
export function refusals(
  deliveries: readonly Delivery[],
  answers: ReadonlyMap<KubernetesObject, Answer | undefined>,
): string[] {
  const projects = deliveries
    .flatMap(({ objects }) => objects)
    .filter((object): object is AppProject => object.kind === "AppProject");
  return deliveries.flatMap(({ application: { metadata, spec }, objects }) => {
    const project = projects.find((each) => each.metadata.name === spec.project);
    const problems = objects.flatMap((object) => {
      const { isNamespaced = true, problems: own = [] } = answers.get(object) ?? {};
      const isAllowed = isNamespaced
        ? reaches(project, object.metadata.namespace ?? spec.destination.namespace)
        : mayMake(project, object);
      return [...own, ...(isAllowed ? [] : [`project ${spec.project} does not allow it`])].map(
        (problem) => `${object.kind} ${object.metadata.name}: ${problem}`,
      );
    });
    return [
      ...(project === undefined && spec.project !== DEFAULT_PROJECT
        ? [`nobody makes project ${spec.project}`]
        : problems),
      ...(project?.spec.sourceRepos.includes(spec.source.repoURL) === false
        ? [`project ${spec.project} does not know ${spec.source.repoURL}`]
        : []),
    ].map((problem) => `Application ${metadata.name}: ${problem}`);
  });
}

function reaches(project: AppProject | undefined, wanted: string): boolean {
  return project?.spec.destinations.some(({ namespace }) => namespace === wanted) ?? true;
}

function mayMake(project: AppProject | undefined, { apiVersion, kind }: KubernetesObject): boolean {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  const allowed = project?.spec.clusterResourceWhitelist ?? [];
  return (
    project === undefined || allowed.some((each) => each.group === group && each.kind === kind)
  );
}
