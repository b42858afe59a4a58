import type { Step } from "../check/step.ts";
import { judgeObjects, kubernetesVersion } from "./api-server.ts";
import { type KubernetesObject, renderAll } from "./render-charts.ts";

/** Objects, and where they come from: told when one of them is wrong. */
export interface Batch {
  origin: string;
  objects: readonly KubernetesObject[];
}

/** What the API server would say of everything that is applied to a cluster. */
export const strictSteps: readonly Step[] = [
  strictStep("charts", async () =>
    (await renderAll()).map(({ chart, values, objects }) => ({
      origin: `charts/${chart} with ${values}`,
      objects,
    })),
  ),
];

function strictStep(part: string, render: () => Promise<readonly Batch[]>): Step {
  return {
    name: `${part}: the API server of Kubernetes ${kubernetesVersion()} takes every object`,
    run: async () => {
      const batches = await render();
      const problems = await strictProblems(batches);
      const objects = batches.flatMap((batch) => batch.objects);
      return {
        isFine: objects.length > 0 && problems.length === 0,
        output: objects.length > 0 ? problems.join("\n") : "there are no objects",
        note: `${objects.length} objects: ${kindsOf(objects).join(", ")}`,
      };
    },
  };
}

/** What is wrong with these objects: unknown fields and kinds, wrong types, broken rules. */
export async function strictProblems(batches: readonly Batch[]): Promise<string[]> {
  const named = batches.flatMap(({ origin, objects }) =>
    objects.map((object) => ({ name: `${origin}: ${nameOf(object)}`, object })),
  );
  const answers = await judgeObjects(named.map(({ object }) => object));
  return named.flatMap(({ name, object }, index) => {
    const answer = answers[index];
    if (answer?.isKnown !== true) {
      return [`${name}: nobody defines ${object.apiVersion} ${object.kind}`];
    }
    return answer.problems.map((problem) => `${name}: ${problem}`);
  });
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata?.name ?? "without a name"}`;
}

/** Each kind, with how many there are. */
function kindsOf(objects: readonly KubernetesObject[]): string[] {
  const kinds = Map.groupBy(objects, ({ kind }) => kind);
  return [...kinds]
    .map(([kind, { length }]) => `${length} ${kind}`)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}
