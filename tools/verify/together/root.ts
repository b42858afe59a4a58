import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "@tessera/testkit/services";
import type { Batch } from "../everything.ts";
import { helm, type KubernetesObject } from "../render-charts.ts";

interface Application extends KubernetesObject {
  spec: {
    source: {
      path: string;
      helm?: {
        valueFiles?: string[];
        valuesObject?: unknown;
        parameters?: { name: string; value: string }[];
      };
    };
  };
}

/** What ArgoCD would say when it renders the Application that Terraform makes. */
export async function rootProblems(batches: readonly Batch[]): Promise<string[]> {
  const roots = batches
    .filter(({ part }) => part === "terraform")
    .flatMap(({ objects }) => objects)
    .filter((object): object is Application => object.kind === "Application");
  const problems = await Promise.all(roots.map(problemsOf));
  return roots.length === 1 ? problems.flat() : [`Terraform makes ${roots.length} Applications`];
}

async function problemsOf({ spec: { source } }: Application): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "tessera-root-"));
  try {
    const own = join(folder, "values.json");
    writeFileSync(own, JSON.stringify(source.helm?.valuesObject ?? {}));
    const chart = join(ROOT, source.path);
    const files = [...(source.helm?.valueFiles ?? []).map((file) => join(chart, file)), own];
    const parameters = (source.helm?.parameters ?? []).map(({ name, value }) => `${name}=${value}`);
    await helm([
      "template",
      "root",
      chart,
      ...files.map((file) => `--values=${file}`),
      ...parameters.map((parameter) => `--set=${parameter}`),
    ]);
    return [];
  } catch (reason) {
    return [`${source.path}: ${reason instanceof Error ? reason.message : reason}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
