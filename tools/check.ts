// Checks everything that needs no store: "npm run check".

import { breakingStep } from "./check/breaking.ts";
import { generatedStep } from "./check/generated.ts";
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

await runProgram(async () => {
  const failed: string[] = [];
  for (const step of STEPS) {
    const startTime = performance.now();
    const { isFine, output, note } = await step.run();
    const seconds = ((performance.now() - startTime) / 1000).toFixed(1);
    const mark = isFine ? "ok  " : "FAIL";
    const remark = note === undefined ? "" : ` (${note})`;
    process.stdout.write(`${mark} ${step.name}${remark}, ${seconds} s\n`);
    if (!isFine) {
      failed.push(step.name);
      process.stdout.write(`${firstLines(output, 150)}\n\n`);
    }
  }
  const summary =
    failed.length === 0
      ? `All ${STEPS.length} checks passed.`
      : `${failed.length} of ${STEPS.length} checks failed: ${failed.join("; ")}.`;
  process.stdout.write(`${summary}\n`);
  return failed.length === 0 ? 0 : 1;
});

/** Enough to begin with: a linter can have very much to say. */
function firstLines(text: string, count: number): string {
  const lines = text.trimEnd().split("\n");
  const more = lines.length > count ? [`… and ${lines.length - count} more lines`] : [];
  return [...lines.slice(0, count), ...more].join("\n");
}
