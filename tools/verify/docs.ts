import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { type TreeFile, treeFiles } from "../../test/tree.ts";
import { fineUnless, type Step } from "../check/step.ts";

/** A runbook is read at night: whatever it points at must be there. */
export const docsSteps: readonly Step[] = [
  step("links lead to files and headings that are there", deadLinks),
  step("files and scripts that are named are there", deadNames),
  step("amtool is told where Alertmanager is", lostCommands),
];

function step(name: string, check: (document: TreeFile) => string[]): Step {
  return {
    name: `docs: ${name}`,
    run: async () => {
      const documents = treeFiles().filter(({ path }) => path.endsWith(".md"));
      return fineUnless(documents.flatMap(check), `${documents.length} documents`);
    },
  };
}

/** What a document points at and is not there. */
export function deadLinks({ path, text }: TreeFile): string[] {
  return linksOf(text)
    .filter((link) => !leadsSomewhere(path, text, link))
    .map((link) => `${path}: ${link} leads nowhere`);
}

/** What a document calls by a path of this tree, or `npm run`, and is not there. */
export function deadNames({ path, text }: TreeFile): string[] {
  const named = [...text.matchAll(/`((?:\.\.?\/)*[\w.-]+\/[\w./-]+)`/g)].map(
    ([, name = ""]) => name,
  );
  const files = named
    .filter((name) => isOfTree(name) && !NOT_IN_TREE.test(name))
    .filter((name) => !existsSync(join(ROOT, dirname(path), name)))
    // In a service's folder, where it may mean each of them.
    .filter((name) => globSync(`{.,*,packages/*}/${name}`, { cwd: ROOT }).length === 0);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const commands = [...text.matchAll(/\bnpm run ([\w:-]+)/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !(name in scripts))
    .map((name) => `npm run ${name}`);
  return [...files, ...commands].map((name) => `${path}: there is no ${name}`);
}

/** Calls of `amtool` that fail in Alertmanager's image, which says nowhere what to talk to. */
export function lostCommands({ path, text }: TreeFile): string[] {
  return [...text.matchAll(/\bamtool (?=-|alert|silence|config|cluster)(?:[^\n\\`]|\\\n)+/g)]
    .filter(([command]) => !command.includes("--alertmanager.url="))
    .map(([command]) => `${path}: ${command} does not say --alertmanager.url`);
}

/** Whether a path begins with a folder of the tree: others are URLs' and images'. */
function isOfTree(name: string): boolean {
  const [first = ""] = name.replace(/^(\.\.?\/)+/, "").split("/");
  return existsSync(join(ROOT, first));
}

/** `x.test.ts` is any test; the rest is made when something runs. */
const NOT_IN_TREE = /\/x\.|^\.data\/|^node_modules\/|^bench\/results\//;

function leadsSomewhere(path: string, text: string, link: string): boolean {
  const [file = "", anchor] = decodeURI(link).split("#");
  const target = join(ROOT, dirname(path), file);
  if (file !== "" && !existsSync(target)) {
    return false;
  }
  const isHeading = anchor !== undefined && (file === "" || file.endsWith(".md"));
  return !isHeading || anchorsOf(file === "" ? text : readFileSync(target, "utf8")).has(anchor);
}

/** Links to the tree itself: without a scheme. */
function linksOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutCode(text, "fences").matchAll(/^#+ +(.+?) *#*$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-");
    const repeats = [...anchors].filter((other) => other.replace(/-\d+$/, "") === anchor).length;
    anchors.add(repeats === 0 ? anchor : `${anchor}-${repeats}`);
  }
  return anchors;
}

/** What is in code is no link, and in a fence no heading either. */
function withoutCode(text: string, what: "all" | "fences" = "all"): string {
  const unfenced = text.replace(/^( *)(```|~~~)[\s\S]*?^\1\2/gm, "");
  return what === "fences" ? unfenced : unfenced.replace(/`[^`\n]*`/g, "code");
}
