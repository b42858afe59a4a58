import { until } from "@tessera/testkit/until";
import type { Answer } from "./rest.ts";

/** Does something to each item, so many at a time; results are in the items' order. */
export async function eachOf<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const entries = items.entries();
  const worker = async () => {
    for (const [index, item] of entries) {
      results[index] = await work(item, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}

/** What is worth another try, though it is neither 503 nor 504. */
const AGAIN = ["REQUEST_IN_PROGRESS", "TOO_BUSY"];

/**
 * Sends the same request again until the answer is final, as a patient client does: no answer,
 * 503, 504, "still running" and "too busy" are not final. `onTry` is told of those.
 */
export async function persist<T>(
  send: () => Promise<Answer<T>>,
  onTry: (again: string) => void = () => undefined,
): Promise<Answer<T>> {
  return await until(
    "a final answer",
    async () => {
      try {
        const answer = await send();
        const isFinal =
          answer.status !== 503 &&
          answer.status !== 504 &&
          !AGAIN.includes(answer.body?.code ?? "");
        if (!isFinal) {
          onTry(`${answer.status} ${answer.body?.code}: ${answer.body?.detail}`);
        }
        return isFinal && answer;
      } catch (reason) {
        // The connection was cut, or there was none to be had.
        onTry(reason instanceof Error ? reason.name : "no answer");
        return undefined;
      }
    },
    { patienceMs: 30_000, everyMs: 150 },
  );
}
