import { setTimeout } from "node:timers/promises";

/** How long a condition may take to come true, in milliseconds: a restart included. */
const PATIENCE_MS = 15_000;

/** Asks again and again, `everyMs` apart, until `look` gives something, and resolves to that. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { patienceMs = PATIENCE_MS, everyMs = 20 } = {},
): Promise<T> {
  const giveUpTime = Date.now() + patienceMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) {
      return seen;
    }
    if (Date.now() > giveUpTime) {
      throw new Error(`it did not come about within ${patienceMs} ms: ${what}`);
    }
    await setTimeout(everyMs);
  }
}

/** The same for a condition whose own text says what it is. */
export async function untilTrue(condition: () => Promise<boolean> | boolean): Promise<void> {
  await until(String(condition), condition, { everyMs: 5 });
}
