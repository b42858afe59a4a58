import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, type Step } from "./step.ts";

/**
 * Compares the contracts with what callers may have generated their stubs from.
 *
 * That is the latest release when there is one. Otherwise, on a branch, where it left main; and
 * on main itself, which every commit is equal to, the contracts as they were before the change
 * that made them what they are: the edits that are not committed yet, else the last commit that
 * touched them.
 */
export const breakingStep: Step = {
  name: "contracts: nothing breaks",
  run: async () => {
    const baseline = await findBaseline();
    if (baseline === undefined) {
      return { isFine: true, output: "", note: "skipped: no earlier version in this clone" };
    }
    using folder = mkdtempDisposableSync(join(tmpdir(), "tessera-check-"));
    // An archive, because buf would clone a bounded number of commits and miss older ones.
    const archive = join(folder.path, "before.tar");
    const paths = ["buf.yaml", "proto/tessera"];
    const made = await git("archive", "--format=tar", `--output=${archive}`, baseline, ...paths);
    if (made === undefined) {
      return { isFine: false, output: `cannot read the contracts of ${baseline}` };
    }
    const outcome = await runCommand(["buf", "breaking", "--against", archive]);
    return { ...outcome, note: `against ${baseline.slice(0, 12)}` };
  },
};

async function findBaseline(): Promise<string | undefined> {
  const candidates = [
    () => git("describe", "--tags", "--abbrev=0", "--match", "v*"),
    whereTheBranchBegan,
    async () =>
      (await git("diff", "HEAD", "--quiet", "--", "proto")) === undefined ? "HEAD" : undefined,
    beforeTheLastChange,
  ];
  for (const candidate of candidates) {
    const commit = await candidate();
    if (
      commit !== undefined &&
      (await git("cat-file", "-e", `${commit}:proto/tessera`)) !== undefined
    ) {
      return commit;
    }
  }
  return undefined;
}

/** Undefined on main itself. */
async function whereTheBranchBegan(): Promise<string | undefined> {
  const head = await git("rev-parse", "HEAD");
  for (const main of ["origin/main", "main"]) {
    const base = await git("merge-base", "HEAD", main);
    if (base !== undefined && base !== head) {
      return base;
    }
  }
  return undefined;
}

async function beforeTheLastChange(): Promise<string | undefined> {
  const last = await git("log", "-1", "--format=%H", "--", "proto/tessera");
  return last ? await git("rev-parse", "--verify", "--quiet", `${last}~1`) : undefined;
}

/** What git printed; undefined when it failed, or is not there. */
async function git(...args: string[]): Promise<string | undefined> {
  const outcome = await runCommand(["git", ...args]).catch(() => undefined);
  return outcome?.isFine === true ? outcome.output.trim() : undefined;
}
