import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import type { Children } from "@tessera/testkit/stores/children";
import { countTests, type TestCounts } from "./count-tests.ts";

/** What came of a run. */
export interface TestTotals extends TestCounts {
  /** 0 when all passed and, in a whole run, enough was covered. */
  code: number;
}

/** Lines of our own sources that a whole run must execute, in percent. */
const MIN_COVERED_PERCENT = 90;

/** A run that takes longer hangs: something was left open. In milliseconds. */
const DEADLINE_MS = 15 * 60_000;

const COVERAGE = [
  join(ROOT, "node_modules", "c8", "bin", "c8.js"),
  "--temp-directory=coverage/tmp",
  "--include=*-svc/src/**/*.ts",
  "--include=bff/src/**/*.ts",
  "--include=packages/service-kit/src/**/*.ts",
  "--exclude=**/*.test.ts",
  "--merge-async",
];

/**
 * Runs mocha under c8, which also collects what child processes that end by themselves covered.
 *
 * With `selection`, arguments for mocha, only a part runs: nothing is said about coverage then.
 */
export async function runMocha(
  children: Children,
  selection: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<TestTotals> {
  const isWhole = selection.length === 0;
  const mocha = [join(ROOT, "node_modules", "mocha", "bin", "mocha.js"), ...selection];
  const command = isWhole
    ? [process.execPath, ...COVERAGE, "--reporter=text-summary", process.execPath, ...mocha]
    : [process.execPath, ...mocha];
  const child = children.spawn("mocha", command, {
    cwd: ROOT,
    env: { ...env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
    stdio: ["ignore", "pipe", "inherit"],
    order: 0,
  });
  const deadline = setTimeout(() => {
    process.stdout.write("The tests do not come to an end; stopping them.\n");
    child.kill();
  }, DEADLINE_MS);
  const counts = child.stdout === null ? { passed: 0, failed: 1 } : await countTests(child.stdout);
  clearTimeout(deadline);
  const code = (child.exitCode ?? (await exitCodeOf(child))) || Math.min(counts.failed, 1);
  return { ...counts, code: code || (isWhole ? await checkCoverage(children, env) : 0) };
}

async function exitCodeOf(child: ReturnType<Children["spawn"]>): Promise<number> {
  if (child.signalCode !== null) {
    return 1;
  }
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : 1;
}

/** 0 when enough is covered; else the files are listed, and 1. */
async function checkCoverage(children: Children, env: NodeJS.ProcessEnv): Promise<number> {
  const check = ["check-coverage", `--lines=${MIN_COVERED_PERCENT}`];
  try {
    await children.run("coverage", coverageCommand(check), { env, stdio: "inherit", order: 0 });
    return 0;
  } catch {
    const report = ["report", "--reporter=text"];
    await children.run("coverage", coverageCommand(report), { env, stdio: "inherit", order: 0 });
    process.stdout.write(`Less than ${MIN_COVERED_PERCENT} % of lines are covered.\n`);
    return 1;
  }
}

function coverageCommand([verb = "", ...flags]: readonly string[]): string[] {
  const [program = "", ...settings] = COVERAGE;
  return [process.execPath, program, verb, ...settings, ...flags];
}
