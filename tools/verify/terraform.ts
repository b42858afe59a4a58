import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { fineUnless, type Outcome, runCommand, type Step } from "../check/step.ts";
import { goTool } from "./go-tools.ts";
import { conventionFaults } from "./terraform/conventions.ts";
import { seamFaults } from "./terraform/seams.ts";
import { TABLE } from "./terraform/table.ts";
import { Workspace } from "./terraform/workspace.ts";

/** The tree that is checked. */
export const TERRAFORM = join(ROOT, "terraform");

/** Terraform, as far as it can be checked without AWS, providers and the registry's modules. */
export const terraformSteps: readonly Step[] = [
  { name: "terraform: format", run: () => inWorkspace((workspace) => workspace.format()) },
  {
    name: "terraform: every layer is valid",
    run: async () => ({
      ...(await inWorkspace(validate)),
      note:
        `${Object.keys(TABLE.modules).length} modules and ${Object.keys(TABLE.providers).length} ` +
        "providers are stubs that know names and types, not what AWS makes of them",
    }),
  },
  { name: "terraform: tests", run: () => inWorkspace(test) },
  {
    name: "terraform: staging and prod have settings that are fine",
    run: () => inWorkspace(checkSettings),
  },
  {
    name: "terraform: conventions",
    run: async () => fineUnless(await conventionFaults(TERRAFORM)),
  },
  {
    name: "terraform: layers agree on names",
    run: async () => fineUnless(seamFaults(TERRAFORM)),
  },
  { name: "terraform: charts of the delivery module", run: lintCharts },
];

/** Runs a check on a copy of a tree; see Workspace. */
export async function inWorkspace(
  check: (workspace: Workspace) => Outcome,
  tree = TERRAFORM,
): Promise<Outcome> {
  using workspace = await Workspace.of(tree);
  return check(workspace);
}

/** Every folder that is applied. */
function validate(workspace: Workspace): Outcome {
  const roots = ["bootstrap", ...foldersOf(workspace, "envs/**/backend.tf")];
  return all(roots.map((root) => workspace.run(root, ["validate"])));
}

/** Every module that has tests. */
function test(workspace: Workspace): Outcome {
  const tested = foldersOf(workspace, "modules/*/tests/*.tftest.hcl").map((folder) =>
    dirname(folder),
  );
  const outcomes = [...new Set(tested)].map((module) => workspace.run(module, ["test"]));
  const passed = outcomes
    .flatMap(({ output }) => [...output.matchAll(/(\d+) passed/g)])
    .reduce((sum, [, count]) => sum + Number(count), 0);
  return { ...all(outcomes), note: `${passed} runs in ${outcomes.length} modules` };
}

/** What modules/settings says of each environment's terraform.tfvars: it needs no provider. */
export function checkSettings(workspace: Workspace): Outcome {
  const outcomes = ["staging", "prod"].map((environment) => {
    const folder = join("envs", environment);
    const layer = join(workspace.folder, folder, "network", "settings.tf");
    const settings = readFileSync(layer, "utf8").replace("../../../", "../../");
    writeFileSync(join(workspace.folder, folder, "settings.tf"), settings);
    return workspace.run(folder, ["plan", "-input=false"]);
  });
  return all(outcomes);
}

async function lintCharts(): Promise<Outcome> {
  const helm = await goTool("helm");
  const charts = join(TERRAFORM, "modules", "delivery", "charts");
  const values = "environment=prod,repositoryUrl=https://git.example/tessera.git,revision=main";
  return all(
    await Promise.all([
      runCommand([helm, "lint", "--strict", join(charts, "base"), "--set", "region=eu-central-1"]),
      runCommand([helm, "lint", "--strict", join(charts, "root"), "--set", values]),
    ]),
  );
}

function foldersOf(workspace: Workspace, pattern: string): string[] {
  return globSync(pattern, { cwd: workspace.folder })
    .map((file) => dirname(file))
    .toSorted();
}

function all(outcomes: readonly Outcome[]): Outcome {
  return fineUnless(outcomes.flatMap(({ isFine, output }) => (isFine ? [] : [output])));
}
