import { treeFiles } from "../../test/tree.ts";
import { runCommand, type Step } from "../check/step.ts";
import { debianTool } from "./debian-tools.ts";

/** Duplicate keys, wrong indentation, `no` for a country: what a YAML reader takes without a word. */
const YAML_RULES = `{
  extends: default,
  rules: {
    braces: { max-spaces-inside: 1 },
    comments: { min-spaces-from-content: 1 },
    document-start: disable,
    line-length: disable,
    truthy: { check-keys: false },
  },
}`;

/** Shell and YAML, which neither tsc nor Biome reads. */
export const sourcesSteps: readonly Step[] = [
  {
    name: "sources: shellcheck",
    run: async () => {
      const paths = shellScripts();
      const shellcheck = await debianTool("shellcheck", "shellcheck");
      const found = await runCommand([shellcheck, "--enable=all", "--exclude=SC2250", ...paths]);
      return { ...found, note: `${paths.length} scripts` };
    },
  },
  {
    name: "sources: yamllint",
    run: async () => {
      // Templates of Helm's are YAML only when they are rendered.
      const paths = treeFiles()
        .map(({ path }) => path)
        .filter((path) => /\.ya?ml$/.test(path) && !path.includes("/templates/"));
      const yamllint = await debianTool("yamllint", "yamllint");
      const found = await runCommand([yamllint, "--strict", "-d", YAML_RULES, ...paths]);
      return { ...found, note: `${paths.length} files` };
    },
  },
];

function shellScripts(): string[] {
  return treeFiles()
    .filter(({ path, text }) => path.endsWith(".sh") || /^#!.*\b(ba|da)?sh\b/.test(text))
    .map(({ path }) => path);
}
