import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import { type TreeFile, treeFiles } from "../../test/tree.ts";
import type { Step } from "../check/step.ts";

/** A runbook is read at night: whatever it points at must be there. */
export const docsSteps: readonly Step[] = [
  {
    name: "docs: every link to a file or a heading of the tree leads there",
    run: async () => {
      const documents = treeFiles().filter(({ path }) => path.endsWith(".md"));
      const problems = documents.flatMap(deadLinks);
      const count = documents.reduce((sum, file) => sum + linksOf(file.text).length, 0);
      return {
        isFine: problems.length === 0,
        output: problems.join("\n"),
        note: `${count} links in ${documents.length} documents`,
      };
    },
  },
];

/** What a document points at and is not there. */
export function deadLinks({ path, text }: TreeFile): string[] {
  return linksOf(text)
    .filter((link) => !leadsSomewhere(path, text, link))
    .map((link) => `${path}: ${link} leads nowhere`);
}

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
