import { fineUnless, type Outcome, type Step } from "../check/step.ts";
import { checkAnnotations } from "./mesh/annotations.ts";
import { checkCanaries } from "./mesh/canaries.ts";
import { checkDeadlines } from "./mesh/deadlines.ts";
import { ofKind } from "./mesh/kinds.ts";
import { checkPolicies } from "./mesh/policies.ts";
import { checkReadme } from "./mesh/readme.ts";
import { checkRoutes } from "./mesh/routes.ts";
import { loadWorlds, type World } from "./mesh/world.ts";
import { checkQueries } from "./promtool.ts";

let loading: Promise<World[]> | undefined;

/** The base and the overlays with their charts, rendered once. */
function worlds(): Promise<World[]> {
  loading ??= loadWorlds();
  return loading;
}

/** What schemas cannot see of mesh/: whether it fits the charts, the protos and the programs. */
export const meshSteps: readonly Step[] = [
  step("who may call whom", checkPolicies),
  step("routes, and what is tried twice", checkRoutes),
  step("deadlines descend", checkDeadlines),
  step("annotations", checkAnnotations),
  step("canaries", checkCanaries),
  step("the README's table of routes", checkReadme),
  {
    name: "mesh: queries of the analysis",
    run: async () => checkQueries((await worlds()).flatMap(analysisQueries)),
  },
];

function step(name: string, check: (world: World) => string[]): Step {
  return { name: `mesh: ${name}`, run: async () => outcomeOf(await worlds(), check) };
}

function outcomeOf(all: readonly World[], check: (world: World) => string[]): Outcome {
  const problems = all.flatMap((world) =>
    check(world).map((problem) => `${world.overlay}: ${problem}`),
  );
  const note = all.map(({ overlay }) => overlay).join(", ");
  return fineUnless(problems, note);
}

/** What releases are judged by, with something for what a release fills in. */
function analysisQueries({ objects }: World): string[] {
  return ofKind(objects, "AnalysisTemplate")
    .flatMap(({ spec }) => spec.metrics)
    .map(({ provider }) => provider.prometheus.query.replaceAll(/\{\{args\.[\w-]+\}\}/g, "x"));
}
