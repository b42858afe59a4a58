import { cpSync, mkdtempDisposableSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { fineUnless, runCommand, type Step } from "../check/step.ts";
import { debianTool } from "./debian-tools.ts";
import { goTool } from "./go-tools.ts";
import { versionFaults, workflowFaults } from "./workflow-rules.ts";

const FOLDER = join(ROOT, ".github", "workflows");

/** What GitHub runs when something is changed, released or scanned. */
export const workflowsSteps: readonly Step[] = [
  {
    name: "workflows: actionlint",
    run: async () => {
      const actionlint = await goTool("actionlint");
      // It hands scripts to shellcheck.
      const shellcheck = await debianTool("shellcheck", "shellcheck");
      using folder = mkdtempDisposableSync(join(tmpdir(), "tessera-workflows-"));
      return await runCommand([
        actionlint,
        `-shellcheck=${shellcheck}`,
        ...namedBelow(folder.path),
      ]);
    },
  },
  {
    name: "workflows: pinned, bounded, and with no more rights than they need",
    run: async () => {
      const faults = workflows().flatMap(({ name, text }) =>
        workflowFaults(text).map((fault) => `${name}: ${fault}`),
      );
      return fineUnless([...faults, ...versionFaults(workflows().map(({ text }) => text))]);
    },
  },
];

function workflows(): { name: string; text: string }[] {
  return readdirSync(FOLDER).map((name) => ({
    name,
    text: readFileSync(join(FOLDER, name), "utf8"),
  }));
}

/**
 * Copies of the workflows that name actions by their major version: actionlint knows the inputs of
 * well-known actions by that, and none by a commit. They are in a folder that it takes for a
 * repository's, so that workflows find those that they call.
 */
function namedBelow(folder: string): string[] {
  const copies = join(folder, ".github", "workflows");
  cpSync(FOLDER, copies, { recursive: true });
  return workflows().map(({ name, text }) => {
    const path = join(copies, name);
    writeFileSync(path, text.replaceAll(/@[0-9a-f]{40} # (v\d+)\S*/g, "@$1"));
    return path;
  });
}
