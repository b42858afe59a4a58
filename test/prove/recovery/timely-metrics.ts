import type { ServiceProcess } from "@tessera/testkit/service-process";
import { metricsOf } from "../../watch.ts";

/** How long a process may take to tell its metrics, in milliseconds. */
const DEADLINE_MS = 2_000;

/** Rejects when there is no answer in time: it is away, paused or overwhelmed. */
export function timelyMetricsOf(process: ServiceProcess): Promise<string> {
  return metricsOf(process, { signal: AbortSignal.timeout(DEADLINE_MS) });
}
