// Checks everything that needs no store: "npm run check".

import { breakingStep } from "./check/breaking.ts";
import { generatedStep } from "./check/generated.ts";
import { runSteps } from "./check/run-steps.ts";
import { commandStep, type Step } from "./check/step.ts";
import { runProgram } from "./local/session.ts";

const STEPS: readonly Step[] = [
  commandStep("contracts: lint", ["buf", "lint"]),
  commandStep("contracts: format", ["buf", "format", "--diff", "--exit-code"]),
  breakingStep,
  generatedStep,
  commandStep("types", ["tsc"]),
  commandStep("types: k6", ["tsc", "-p", "k6"]),
  commandStep("lint and format", ["biome", "ci", "--colors=off", "--error-on-warnings"]),
  mochaStep("the tree", "test/tidy.test.ts"),
  mochaStep("OpenAPI is what the app does", "bff/test/openapi.it.test.ts"),
];

/** Tests that need no store are checks, too. */
function mochaStep(name: string, file: string): Step {
  return commandStep(name, ["mocha", "--no-config", "--timeout=20000", file]);
}

await runProgram(async () => ((await runSteps(STEPS)) ? 0 : 1));
