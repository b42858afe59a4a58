import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, runCommand } from "../check/step.ts";
import { debianTool } from "./debian-tools.ts";

/** Lets Prometheus' own tool check files of a kind, or run the tests in them. */
export async function promtool(
  task: "check rules" | "test rules" | "check config",
  files: readonly string[],
): Promise<Outcome> {
  const program = await debianTool("promtool", "prometheus");
  const outcome = await runCommand([program, ...task.split(" "), ...files]);
  return { ...outcome, note: `${files.length} files` };
}

/** Whether queries are queries, which promtool only reads as the rules of a file. */
export async function checkQueries(queries: readonly string[]): Promise<Outcome> {
  const rules = queries.map((expr, index) => ({ record: `query:${index}`, expr }));
  using folder = mkdtempDisposableSync(join(tmpdir(), "tessera-queries-"));
  const file = join(folder.path, "rules.yaml");
  writeFileSync(file, JSON.stringify({ groups: [{ name: "queries", rules }] }));
  return { ...(await promtool("check rules", [file])), note: `${rules.length} queries` };
}
