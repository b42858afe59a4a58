import { inspect } from "node:util";
import { OperatorError } from "@tessera/testkit/stores/operator-error";
import type { Outcome, Step } from "./step.ts";

/** Runs one step after the other, each with a line on what came of it; true when all are fine. */
export async function runSteps(steps: readonly Step[]): Promise<boolean> {
  const failed: string[] = [];
  for (const step of steps) {
    const startTime = performance.now();
    const { isFine, output, note } = await outcomeOf(step);
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
      ? `All ${steps.length} checks passed.`
      : `${failed.length} of ${steps.length} checks failed: ${failed.join("; ")}.`;
  process.stdout.write(`${summary}\n`);
  return failed.length === 0;
}

/** A step that cannot run has failed: nothing is ever skipped. */
async function outcomeOf(step: Step): Promise<Outcome> {
  try {
    return await step.run();
  } catch (reason) {
    const isExpected = reason instanceof OperatorError;
    return { isFine: false, output: isExpected ? reason.message : inspect(reason) };
  }
}

/** Enough to begin with: a linter can have very much to say. */
function firstLines(text: string, count: number): string {
  const lines = text.trimEnd().split("\n");
  const more = lines.length > count ? [`… and ${lines.length - count} more lines`] : [];
  return [...lines.slice(0, count), ...more].join("\n");
}
