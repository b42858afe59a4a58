import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** Keeps what was measured, with when and where; returns the file. */
export function keepResults(prefix: string, outcome: object): string {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const time = new Date().toISOString();
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const file = join(folder, `${prefix}${time.replaceAll(":", "-")}.json`);
  writeFileSync(file, `${JSON.stringify({ time, machine, ...outcome }, null, 2)}\n`);
  return file;
}
