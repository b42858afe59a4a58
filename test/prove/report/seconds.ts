import type { Operation } from "../history.ts";
import { isAnswered } from "../recovery/failures.ts";

/** What ended within one second of the run. */
export interface Second {
  /** Since the run began. */
  at: number;
  done: number;
  refused: number;
  /** What did not become known: no answer, 503, 504, still running. */
  failed: number;
  /** Nineteen of twenty answers took this long at most, in milliseconds; undefined without any. */
  p95Ms: number | undefined;
}

/** Everything that ended, second by second; `originSecond` is when the history began. */
export function secondsOf(operations: readonly Operation[], originSecond: number): Second[] {
  const bySecond = Map.groupBy(
    operations.filter(({ endMs }) => endMs !== undefined),
    ({ endMs }) => Math.floor(originSecond + (endMs ?? 0) / 1000),
  );
  return [...bySecond]
    .sort(([one], [other]) => one - other)
    .map(([at, ended]) => {
      const answered = ended.filter(isAnswered);
      const done = answered.filter(({ outcome }) => outcome === "ok").length;
      const times = answered
        .map(({ startMs, endMs }) => (endMs ?? 0) - startMs)
        .sort((one, other) => one - other);
      return {
        at,
        done,
        refused: answered.length - done,
        failed: ended.length - answered.length,
        p95Ms: times[Math.floor(0.95 * times.length)],
      };
    });
}
