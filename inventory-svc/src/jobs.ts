import type { Lifecycle } from "@tessera/service-kit/lifecycle";
import type { Logger } from "@tessera/service-kit/logger";
import { repeat } from "@tessera/service-kit/repeat";
import type { LedgerAuditor } from "./app/audit-ledger.ts";
import type { OnEventFailure } from "./app/by-event.ts";
import type { Ledger } from "./app/ledger.ts";
import type { LedgerMetrics } from "./app/ledger-metrics.ts";
import { releaseOrphans } from "./app/release-orphans.ts";

/** How often changed events are audited, in milliseconds. */
const AUDIT_INTERVAL_MS = 5_000;

/** What runs in the background, by the names that metrics have. */
export const TASKS = ["sweep", "audit"] as const;

/** What the background jobs work on. */
export interface JobDeps {
  ledger: Ledger;
  metrics: LedgerMetrics;
  auditor: LedgerAuditor;
  lifecycle: Lifecycle;
  logger: Logger;
  onEventFailure: OnEventFailure;
  onFailure: (task: (typeof TASKS)[number]) => void;
}

/** Starts what every replica does in the background; the lifecycle ends it. */
export function startJobs(
  { ledger, metrics, auditor, lifecycle, logger, onEventFailure, onFailure }: JobDeps,
  settings: { orphanGraceSeconds: number; sweepIntervalMs: number },
): void {
  const failed = (task: (typeof TASKS)[number], message: string) => (err: unknown) => {
    onFailure(task);
    logger.warn({ err }, message);
  };
  const graceSeconds = settings.orphanGraceSeconds;
  const sweeper = repeat(
    (isStopped) => releaseOrphans({ ledger, metrics, onEventFailure }, { graceSeconds, isStopped }),
    {
      intervalMs: settings.sweepIntervalMs,
      onFailure: failed("sweep", "sweep failed; it will be tried again"),
    },
  );
  lifecycle.onClose("sweeper", () => sweeper.stop());
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
  const audits = repeat(audit, {
    intervalMs: AUDIT_INTERVAL_MS,
    onFailure: failed("audit", "audit failed; it will be tried again"),
  });
  lifecycle.onClose("audits", () => audits.stop());
}
