import type { Lifecycle } from "@tessera/service-kit/lifecycle";
import type { Logger } from "@tessera/service-kit/logger";
import { repeat } from "@tessera/service-kit/repeat";
import type { Admission } from "./app/admit-people.ts";
import { type Prunable, prune } from "./app/prune.ts";
import { relayOutbox } from "./app/relay-outbox.ts";
import { type SweepDeps, sweep } from "./app/sweep.ts";

/** What runs in the background, by the names that metrics have. */
export const TASKS = ["sweep", "relay", "admission", "prune"] as const;

type RelayDeps = Parameters<typeof relayOutbox>[0];

/** How often what is old enough is forgotten, in milliseconds. */
const PRUNE_INTERVAL_MS = 60_000;

/** Starts what every replica does in the background; the lifecycle ends it. */
export function startJobs(
  deps: {
    sweep: SweepDeps;
    relay: RelayDeps;
    prunable: Prunable;
    admission: Admission;
    lifecycle: Lifecycle;
    logger: Logger;
    onFailure: (task: (typeof TASKS)[number]) => void;
  },
  settings: {
    sweepIntervalMs: number;
    relayIntervalMs: number;
    admitIntervalMs: number;
    retentionDays: number;
  },
): void {
  const { lifecycle, logger } = deps;
  const failed = (task: (typeof TASKS)[number], message: string) => (err: unknown) => {
    deps.onFailure(task);
    logger.warn({ err }, message);
  };
  const sweeper = repeat((isStopped) => sweep(deps.sweep, isStopped), {
    intervalMs: settings.sweepIntervalMs,
    onFailure: failed("sweep", "sweep failed; it will be tried again"),
  });
  lifecycle.onClose("sweeper", () => sweeper.stop());
  const relay = repeat((isStopped) => relayOutbox(deps.relay, isStopped), {
    intervalMs: settings.relayIntervalMs,
    onFailure: failed("relay", "relay failed; it will be tried again"),
  });
  lifecycle.onClose("relay", () => relay.stop());
  const admission = repeat((isStopped) => deps.admission.round(isStopped), {
    intervalMs: settings.admitIntervalMs,
    onFailure: (err) => {
      deps.onFailure("admission");
      // While the store is lost this comes again and again, and the breaker has told.
      logger.debug({ err }, "nobody could be admitted; it will be tried again");
    },
  });
  lifecycle.onClose("admission", () => admission.stop());
  const pruner = repeat((isStopped) => prune(deps.prunable, settings.retentionDays, isStopped), {
    intervalMs: PRUNE_INTERVAL_MS,
    onFailure: failed("prune", "pruning failed; it will be tried again"),
  });
  lifecycle.onClose("pruner", () => pruner.stop());
}
