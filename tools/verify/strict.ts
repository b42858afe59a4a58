import { fineUnless, type Step } from "../check/step.ts";
import { judgeObjects, kubernetesVersion } from "./api-server.ts";
import { type Batch, everything } from "./everything.ts";
import type { KubernetesObject } from "./render-charts.ts";

/** What the API server would say of everything that is applied to a cluster. */
export const strictSteps: readonly Step[] = [
  strictStep("charts"),
  strictStep("mesh"),
  strictStep("terraform"),
];

function strictStep(part: Batch["part"]): Step {
  return {
    name: `strict: Kubernetes ${kubernetesVersion()} takes every object of ${part}`,
    run: async () => {
      const batches = (await everything()).filter((batch) => batch.part === part);
      const objects = batches.flatMap((batch) => batch.objects);
      if (objects.length === 0) {
        return fineUnless(["there are no objects"]);
      }
      const note = `${objects.length} objects: ${kindsOf(objects).join(", ")}`;
      return fineUnless(await strictProblems(batches), note);
    },
  };
}

/** What is wrong with these objects: unknown fields and kinds, wrong types, broken rules. */
export async function strictProblems(
  batches: readonly Pick<Batch, "origin" | "objects">[],
): Promise<string[]> {
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
