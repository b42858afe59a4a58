import { startTasks } from "@tessera/service-kit/tasks";
import type { LedgerAuditor } from "./app/audit-ledger.ts";
import type { BatchDeps } from "./app/by-event.ts";
import { releaseOrphans } from "./app/release-orphans.ts";

/** How often changed events are audited, in milliseconds. */
const AUDIT_INTERVAL_MS = 5_000;

/** What the background jobs work on. */
export type JobDeps = BatchDeps & { auditor: LedgerAuditor } & Parameters<typeof startTasks>[0];

/** Starts what every replica does in the background; the lifecycle ends it. */
export function startJobs(
  deps: JobDeps,
  settings: { orphanGraceSeconds: number; sweepIntervalMs: number },
): void {
  const { ledger, auditor } = deps;
  const graceSeconds = settings.orphanGraceSeconds;
  let hasBegun = false;
  const audit = async (isStopped: () => boolean) => {
    if (!hasBegun) {
      // What an auditor of before found wanting it took with it: what was sold last is looked at again.
      for (const eventId of await ledger.newestEventIds()) {
        auditor.touch(eventId);
      }
      hasBegun = true;
    }
    await auditor.round(isStopped);
  };
  startTasks(deps, {
    sweep: {
      round: (isStopped) => releaseOrphans(deps, { graceSeconds, isStopped }),
      intervalMs: settings.sweepIntervalMs,
    },
    audit: { round: audit, intervalMs: AUDIT_INTERVAL_MS },
  });
}
