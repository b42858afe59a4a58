import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, runCommand } from "../../check/step.ts";
import { debianTool } from "../debian-tools.ts";
import { ofKind } from "./kinds.ts";
import type { World } from "./world.ts";

/** Lets promtool read the queries that releases are judged by, as the rules of a file. */
export async function checkQueries(worlds: readonly World[]): Promise<Outcome> {
  const promtool = await debianTool("promtool", "prometheus");
  const metrics = worlds
    .flatMap(({ objects }) => ofKind(objects, "AnalysisTemplate"))
    .flatMap(({ spec }) => spec.metrics);
  const rules = metrics.map(({ provider }, index) => ({
    record: `query:${index}`,
    expr: provider.prometheus.query.replaceAll(/\{\{args\.[\w-]+\}\}/g, "x"),
  }));
  using folder = mkdtempDisposableSync(join(tmpdir(), "tessera-queries-"));
  const file = join(folder.path, "rules.yaml");
  writeFileSync(file, JSON.stringify({ groups: [{ name: "queries", rules }] }));
  const outcome = await runCommand([promtool, "check", "rules", file]);
  return { ...outcome, note: `${rules.length} queries` };
}
