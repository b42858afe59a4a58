import type { Lifecycle } from "@tessera/service-kit/lifecycle";
import type { Logger } from "@tessera/service-kit/logger";
import { repeat } from "@tessera/service-kit/repeat";
import type { LedgerAuditor } from "./app/audit-ledger.ts";
import type { Ledger } from "./app/ledger.ts";
import type { LedgerMetrics } from "./app/ledger-metrics.ts";
import { releaseOrphans } from "./app/release-orphans.ts";

/** How often changed events are audited, in milliseconds. */
const AUDIT_INTERVAL_MS = 5_000;

/** What the background jobs work on. */
export interface JobDeps {
  ledger: Ledger;
  metrics: LedgerMetrics;
  auditor: LedgerAuditor;
  lifecycle: Lifecycle;
  logger: Logger;
}

/** Starts what every replica does in the background; the lifecycle ends it. */
export function startJobs(
  { ledger, metrics, auditor, lifecycle, logger }: JobDeps,
  settings: { orphanGraceSeconds: number; sweepIntervalMs: number },
): void {
  const graceSeconds = settings.orphanGraceSeconds;
  const sweeper = repeat(
    (isStopped) => releaseOrphans({ ledger, metrics }, { graceSeconds, isStopped }),
    {
      intervalMs: settings.sweepIntervalMs,
      onFailure: (err) => logger.warn({ err }, "sweep failed; it will be tried again"),
    },
  );
  lifecycle.onClose("sweeper", () => sweeper.stop());
  const audits = repeat(() => auditor.round(), {
    intervalMs: AUDIT_INTERVAL_MS,
    onFailure: (err) => logger.warn({ err }, "audit failed; it will be tried again"),
  });
  lifecycle.onClose("audits", () => audits.stop());
}
