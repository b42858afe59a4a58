import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import type { Children } from "@tessera/testkit/stores/children";
import { countTests, printLine, type TestCounts } from "./count-tests.ts";
import { LatePrinter } from "./late-printer.ts";

/** What came of a run. */
export interface TestTotals extends TestCounts {
  /** 0 when all passed and, in a whole run, enough was covered. */
  code: number;
}

/** Lines of our own sources that a whole run must execute, in percent. */
const MIN_COVERED_PERCENT = 90;

/** A run that says nothing for longer hangs: something was left open. In milliseconds. */
const SILENT_MS = 5 * 60_000;

/** Where each process says what it covered. */
const COVERED = join(ROOT, "coverage", "tmp");

const COVERAGE_REPORT = [
  join(ROOT, "node_modules", "c8", "bin", "c8.js"),
  "report",
  `--temp-directory=${COVERED}`,
  "--include=*-svc/src/**/*.ts",
  "--include=bff/src/**/*.ts",
  "--include=packages/service-kit/src/**/*.ts",
  "--exclude=**/*.test.ts",
  // What no test loads counts, too.
  "--all",
  ...["bff", "inventory-svc", "reservation-svc", "user-svc", "packages/service-kit"].map(
    (folder) => `--src=${join(ROOT, folder, "src")}`,
  ),
  "--merge-async",
];

/** The services' own tests, and what they share. */
const COVERING = ["{proto,packages/*,*-svc,bff}/{src,test}/**/*.test.ts"];

/**
 * Run side by side, since each waits for much of its time; all take about as long. The tests in
 * tools/verify need its programs: "npm run verify" runs them.
 */
const GROUPS = [
  ["test/[n-z]*.test.ts"],
  COVERING,
  [
    ...["test/[a-m]*.test.ts", "test/{prove,security}/**/*.test.ts"],
    "tools/{*,!(verify)/**/*}.test.ts",
  ],
];

/**
 * Runs mocha, and collects what the services' own tests covered, and the programs that they run.
 *
 * With `selection`, arguments for mocha, only a part runs: nothing is said about coverage then.
 */
export async function runMocha(
  children: Children,
  selection: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<TestTotals> {
  if (selection.length > 0) {
    const isNamed = selection.some((one) => one.endsWith(".test.ts"));
    const args = isNamed ? selection : [...selection, ...GROUPS.flat()];
    return await runGroup({ children, name: "mocha", args, env, print: printLine });
  }
  rmSync(COVERED, { recursive: true, force: true });
  // What a covered process runs is not taken from a cache: V8 would count it less precisely.
  const covering = { ...env, NODE_V8_COVERAGE: COVERED, NODE_DISABLE_COMPILE_CACHE: "1" };
  let before: Promise<unknown> = Promise.resolve();
  const runs = GROUPS.map((args, index) => {
    const late = new LatePrinter();
    const common = { children, name: `mocha-${index + 1}`, args, print: late.print };
    const run = runGroup({ ...common, env: args === COVERING ? covering : env });
    before = Promise.all([before.then(() => late.release()), run]);
    return run;
  });
  await before;
  const totals = await Promise.all(runs);
  const sum = (count: "passed" | "failed") => totals.reduce((all, one) => all + one[count], 0);
  const code = totals.find((one) => one.code !== 0)?.code ?? (await checkCoverage(children));
  return { passed: sum("passed"), failed: sum("failed"), code };
}

interface Group {
  children: Children;
  /** Unique among the children. */
  name: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  print: (line: string) => void;
}

/** Runs one mocha to its end. */
async function runGroup({ children, name, args, env, print }: Group): Promise<TestTotals> {
  const mocha = [join(ROOT, "node_modules", "mocha", "bin", "mocha.js"), ...args];
  const child = children.spawn(name, [process.execPath, ...mocha], {
    cwd: ROOT,
    env: { ...env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
    stdio: ["ignore", "pipe", "inherit"],
    order: 0,
  });
  const deadline = setTimeout(() => {
    process.stdout.write(
      `The tests say nothing for ${SILENT_MS / 60_000} minutes; stopping them.\n`,
    );
    child.kill();
  }, SILENT_MS);
  const hear = (line: string) => {
    deadline.refresh();
    print(line);
  };
  const { stdout } = child;
  const counts = stdout === null ? { passed: 0, failed: 1 } : await countTests(stdout, hear);
  clearTimeout(deadline);
  const code = (child.exitCode ?? (await exitCodeOf(child))) || Math.min(counts.failed, 1);
  return { ...counts, code };
}

async function exitCodeOf(child: ReturnType<Children["spawn"]>): Promise<number> {
  if (child.signalCode !== null) {
    return 1;
  }
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : 1;
}

/** 0 when enough is covered; else the files are listed, and 1. */
async function checkCoverage(children: Children): Promise<number> {
  const report = (reporter: string, ...more: readonly string[]) =>
    children.run(
      "coverage",
      [process.execPath, ...COVERAGE_REPORT, `--reporter=${reporter}`, ...more],
      { stdio: "inherit", order: 0 },
    );
  try {
    await report("text-summary", "--check-coverage", `--lines=${MIN_COVERED_PERCENT}`);
    return 0;
  } catch {
    await report("text");
    process.stdout.write(`Less than ${MIN_COVERED_PERCENT} % of lines are covered.\n`);
    return 1;
  }
}
