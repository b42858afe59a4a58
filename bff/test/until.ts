import { setTimeout } from "node:timers/promises";

/** Resolves when `condition` holds; fails after 10 seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(`never came true: ${condition}`);
    }
    await setTimeout(5);
  }
}
