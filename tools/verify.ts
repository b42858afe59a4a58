// Checks what the product is shipped and run with: "npm run verify", or "npm run verify -- charts".
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { ROOT } from "@tessera/testkit/services";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import { runSteps } from "./check/run-steps.ts";
import type { Step } from "./check/step.ts";
import { runProgram } from "./local/session.ts";
import { countTests, type TestCounts } from "./test/count-tests.ts";
import { chartsSteps } from "./verify/charts.ts";
import { docsSteps } from "./verify/docs.ts";
import { imagesSteps } from "./verify/images.ts";
import { meshSteps } from "./verify/mesh.ts";
import { monitoringSteps } from "./verify/monitoring.ts";
import { sourcesSteps } from "./verify/sources.ts";
import { strictSteps } from "./verify/strict.ts";
import { terraformSteps } from "./verify/terraform.ts";
import { togetherSteps } from "./verify/together.ts";
import { toolsSteps } from "./verify/tools.ts";
import { workflowsSteps } from "./verify/workflows.ts";

/** Each part with its checks; tests that plant faults for them are `verify/<part>*.test.ts`. */
const PARTS: Readonly<Record<string, readonly Step[]>> = {
  tools: toolsSteps,
  strict: strictSteps,
  charts: chartsSteps,
  mesh: meshSteps,
  monitoring: monitoringSteps,
  images: imagesSteps,
  workflows: workflowsSteps,
  terraform: terraformSteps,
  together: togetherSteps,
  docs: docsSteps,
  sources: sourcesSteps,
};

await runProgram(async () => {
  const [part] = process.argv.slice(2);
  const steps = part === undefined ? Object.values(PARTS).flat() : PARTS[part];
  if (steps === undefined) {
    throw new OperatorError(`There is no part ${part}, only ${Object.keys(PARTS).join(", ")}.`);
  }
  const isFine = await runSteps(steps);
  const { passed, failed } = await runTests(globSync(`tools/verify/${part ?? ""}*.test.ts`));
  // The last line, for programs that count.
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return isFine && failed === 0 ? 0 : 1;
});

/** Plants faults, to see that the checks find them. */
async function runTests(files: readonly string[]): Promise<TestCounts> {
  if (files.length === 0) {
    return { passed: 0, failed: 0 };
  }
  process.stdout.write("\nFaults that are planted must be found:\n");
  const child = spawn("mocha", ["--no-config", "--timeout=60000", ...files.toSorted()], {
    cwd: ROOT,
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return await countTests(child.stdout);
}
