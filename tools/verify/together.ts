import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { fineUnless, type Step } from "../check/step.ts";
import { kubernetesVersion } from "./api-server.ts";
import { type Batch, everything } from "./everything.ts";
import type { KubernetesObject } from "./render-charts.ts";
import { deliveryProblems } from "./together/delivery.ts";
import { neighbourProblems } from "./together/neighbours.ts";
import { readinessGateProblems } from "./together/readiness-gates.ts";
import { budgetProblems, secretProblems, versionProblems } from "./together/terraform.ts";
import { twins } from "./together/twins.ts";
import { webhookProblems } from "./together/webhooks.ts";

/** What is true of one environment as a whole. */
type Check = (objects: readonly KubernetesObject[], environment: string) => string[];

/**
 * Where two parts name the same thing: each may be right, and they still do not fit. `kind` is a
 * laptop, which has no Terraform.
 */
export const togetherSteps: readonly Step[] = [
  step("nobody makes an object twice", ["staging", "prod", "kind"], twins),
  step("Terraform makes every secret that is read", ["staging", "prod"], (objects) =>
    secretProblems(objects, read("terraform/modules/secrets/main.tf")),
  ),
  step("Terraform makes whoever is let in from outside", ["staging", "prod"], (objects) =>
    neighbourProblems(
      objects,
      ["main.tf", "charts.tf"].map((file) => read(`terraform/modules/delivery/${file}`)).join("\n"),
    ),
  ),
  step("pods wait for the load balancer that sends to them", ["staging", "prod"], (objects) =>
    readinessGateProblems(objects, read("terraform/modules/delivery/charts.tf")),
  ),
  step("the mesh's webhooks find their certificates", ["staging", "prod"], (objects) =>
    webhookProblems(objects, read("terraform/modules/delivery/charts.tf")),
  ),
  step("replicas and connections are as Terraform counts", ["staging", "prod"], (objects, name) =>
    budgetProblems(objects, read(`terraform/envs/${name}/terraform.tfvars`)),
  ),
  step("clusters run the Kubernetes that objects are judged by", ["staging", "prod"], (_, name) =>
    versionProblems(kubernetesVersion(), read(`terraform/envs/${name}/terraform.tfvars`)),
  ),
  {
    name: "together: Argo CD may and can apply all that comes of Terraform's root Application",
    run: async () => {
      const problems = await Promise.all(
        ["staging", "prod"].map(async (environment) =>
          (await deliveryProblems(environment)).map((problem) => `${environment}: ${problem}`),
        ),
      );
      return fineUnless(problems.flat());
    },
  },
];

function step(name: string, environments: readonly string[], check: Check): Step {
  return {
    name: `together: ${name}`,
    run: async () => {
      const batches = await everything();
      const problems = environments.flatMap((environment) =>
        check(objectsOf(batches, environment), environment).map(
          (problem) => `${environment}: ${problem}`,
        ),
      );
      return fineUnless(problems, environments.join(", "));
    },
  };
}

function objectsOf(batches: readonly Batch[], environment: string): KubernetesObject[] {
  return batches
    .filter(({ environments }) => environments.includes(environment))
    .flatMap(({ objects }) => objects);
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
