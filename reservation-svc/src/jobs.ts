import { startTasks } from "@tessera/service-kit/tasks";
import type { Admission } from "./app/admit-people.ts";
import { type Prunable, prune } from "./app/prune.ts";
import { relayOutbox } from "./app/relay-outbox.ts";
import { type SweepDeps, sweep } from "./app/sweep.ts";

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
  } & Parameters<typeof startTasks>[0],
  settings: {
    sweepIntervalMs: number;
    relayIntervalMs: number;
    admitIntervalMs: number;
    retentionDays: number;
  },
): void {
  startTasks(deps, {
    sweep: {
      round: (isStopped) => sweep(deps.sweep, isStopped),
      intervalMs: settings.sweepIntervalMs,
    },
    relay: {
      round: (isStopped) => relayOutbox(deps.relay, isStopped),
      intervalMs: settings.relayIntervalMs,
    },
    admission: {
      round: (isStopped) => deps.admission.round(isStopped),
      intervalMs: settings.admitIntervalMs,
      // While the store is lost this comes again and again, and the breaker has told.
      level: "debug",
    },
    prune: {
      round: (isStopped) => prune(deps.prunable, settings.retentionDays, isStopped),
      intervalMs: PRUNE_INTERVAL_MS,
    },
  });
}
