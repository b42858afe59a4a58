import { Counter, type Registry } from "prom-client";
import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./logger.ts";
import { repeat } from "./repeat.ts";

/** What a process does again and again, as `repeat` says. */
export interface Task {
  round: (isStopped: () => boolean) => Promise<void>;
  intervalMs: number;
  /** How loud a failed round is logged; `warn` when absent. */
  level?: "debug" | "warn";
}

/**
 * Starts a process's background tasks; the lifecycle ends them. Their failed rounds are logged and
 * counted: by each task's name from the start, so that the first failure is an increase, too. Once.
 */
export function startTasks(
  deps: { registry: Registry; lifecycle: Lifecycle; logger: Logger },
  tasks: Readonly<Record<string, Task>>,
): void {
  const failures = new Counter({
    name: "tessera_background_failures_total",
    help: "Rounds of a background task that failed; they are tried again.",
    labelNames: ["task"],
    registers: [deps.registry],
  });
  for (const [task, { round, intervalMs, level = "warn" }] of Object.entries(tasks)) {
    failures.inc({ task }, 0);
    const onFailure = (err: unknown) => {
      failures.inc({ task });
      deps.logger[level]({ err }, `${task} failed; it will be tried again`);
    };
    const repeated = repeat(round, { intervalMs, onFailure });
    deps.lifecycle.onClose(task, () => repeated.stop());
  }
}
