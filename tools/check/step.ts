import { spawn } from "node:child_process";
import { once } from "node:events";
import { ROOT } from "@tessera/testkit/services";

/** What a step found. */
export interface Outcome {
  isFine: boolean;
  /** Shown when it is not fine. */
  output: string;
  /** Something to know in either case. */
  note?: string;
}

/** One thing that is checked. */
export interface Step {
  name: string;
  run: () => Promise<Outcome>;
}

/** Fine when there are no problems, which are shown otherwise. */
export function fineUnless(problems: readonly string[], note?: string): Outcome {
  const outcome = { isFine: problems.length === 0, output: problems.join("\n") };
  return note === undefined ? outcome : { ...outcome, note };
}

/** A step that is fine when a command ends with 0. */
export function commandStep(name: string, command: readonly string[]): Step {
  return { name, run: () => runCommand(command) };
}

/** Runs a command at the top of the tree, and keeps what it prints. */
export async function runCommand(command: readonly string[]): Promise<Outcome> {
  const [program = "", ...rest] = command;
  const child = spawn(program, rest, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  child.stderr.on("data", (chunk) => chunks.push(chunk));
  const [code] = await once(child, "close");
  return { isFine: code === 0, output: Buffer.concat(chunks).toString("utf8") };
}
