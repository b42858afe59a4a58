import type { Lifecycle } from "@tessera/service-kit/lifecycle";
import type { Logger } from "@tessera/service-kit/logger";
import { repeat } from "@tessera/service-kit/repeat";
import { relayOutbox } from "./app/relay-outbox.ts";
import { type SweepDeps, sweep } from "./app/sweep.ts";

type RelayDeps = Parameters<typeof relayOutbox>[0];

/** Starts what every replica does in the background; the lifecycle ends it. */
export function startJobs(
  deps: { sweep: SweepDeps; relay: RelayDeps; lifecycle: Lifecycle; logger: Logger },
  intervals: { sweepIntervalMs: number; relayIntervalMs: number },
): void {
  const { lifecycle, logger } = deps;
  const sweeper = repeat((isStopped) => sweep(deps.sweep, isStopped), {
    intervalMs: intervals.sweepIntervalMs,
    onFailure: (err) => logger.warn({ err }, "sweep failed; it will be tried again"),
  });
  lifecycle.onClose("sweeper", () => sweeper.stop());
  const relay = repeat((isStopped) => relayOutbox(deps.relay, isStopped), {
    intervalMs: intervals.relayIntervalMs,
    onFailure: (err) => logger.warn({ err }, "relay failed; it will be tried again"),
  });
  lifecycle.onClose("relay", () => relay.stop());
}
