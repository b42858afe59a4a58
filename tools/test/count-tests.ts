import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

/** How many tests did what. */
export interface TestCounts {
  passed: number;
  failed: number;
}

/** Hands what mocha prints to `print`, line by line, and reads the counts in it. */
export async function countTests(
  output: Readable,
  print: (line: string) => void = printLine,
): Promise<TestCounts> {
  const counts = { passed: 0, failed: 0 };
  for await (const line of createInterface({ input: output })) {
    print(line);
    const [, count, what] =
      /^ {2}(\d+) (passing|failing)\b/.exec(stripVTControlCharacters(line)) ?? [];
    if (what !== undefined) {
      counts[what === "passing" ? "passed" : "failed"] = Number(count);
    }
  }
  // Nothing ran at all: that is a failure, and it is one to count.
  return counts.passed + counts.failed === 0 ? { passed: 0, failed: 1 } : counts;
}

/** Prints one line. */
export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
