import { PROMISES } from "../../k6/lib/slo.ts";
import type { Invariant } from "../demo/invariants.ts";
import type { MemoryUse } from "../local/memory-watch.ts";
import type { Summary } from "./summary.ts";

/** In a shorter soak, warming up is most of it: its figures are told and not judged. */
const LEAST_SECONDS = 300;
/** What latency may move by whatever the ratio: a few milliseconds more are no trend. */
const SLACK_MS = 20;

/** Whether latency and memory stayed where they were. */
export function flatness(
  summary: Summary,
  memory: Readonly<Record<string, MemoryUse>>,
  seconds: number,
): Invariant[] {
  if (seconds < LEAST_SECONDS) {
    return [];
  }
  const p95 = (third: number) => summary.latency(`http_req_duration{third:${third}}`)?.p95 ?? 0;
  const { soakLatencyRatio, soakMemoryRatio } = PROMISES;
  const isSlower = p95(3) > p95(1) * soakLatencyRatio + SLACK_MS;
  return [
    {
      name: `p95 of the last third is at most ${soakLatencyRatio} times that of the first`,
      violations: isSlower ? [`${p95(3).toFixed(1)} ms after ${p95(1).toFixed(1)} ms`] : [],
    },
    {
      name: `memory of the last third is at most ${soakMemoryRatio} times that of the second`,
      violations: Object.entries(memory)
        .filter(([, { middle, end }]) => end > middle * soakMemoryRatio)
        .map(([service, { middle, end }]) => `${service}: ${end} MiB after ${middle} MiB`),
    },
  ];
}
