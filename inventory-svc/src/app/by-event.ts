import { tellPartFailures } from "@tessera/service-kit/part-failures";
import { type Call, inTime } from "./call.ts";
import type { Ledger, Ref } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/** An event for which a call failed, and the call's request id. */
export interface FailedEvent {
  eventId: string;
  requestId: string | undefined;
}

/** Told what failed for single events of a call, bugs and outages. */
export type OnEventFailure = (reason: unknown, event: FailedEvent) => void;

/** What a call for several events needs. */
export interface BatchDeps {
  ledger: Ledger;
  metrics: LedgerMetrics;
  onEventFailure: OnEventFailure;
}

/** The entries of one event, and what came of them. */
interface Group<R extends Ref, T> {
  eventId: string;
  refs: readonly R[];
  result: PromiseSettledResult<T>;
}

/**
 * Runs `work` once for each event, for all at the same time: the ledger combines them.
 *
 * A failure of one event does not keep the others from being served: it is returned beside them.
 * Nor does one that takes long: shortly before the caller's deadline it has failed with
 * DEADLINE_EXCEEDED, whatever comes of it.
 */
export async function byEvent<R extends Ref, T>(
  refs: readonly R[],
  { onEventFailure, ...call }: Call & Pick<BatchDeps, "onEventFailure">,
  work: (eventId: string, refs: readonly R[]) => Promise<T>,
): Promise<Group<R, T>[]> {
  const refsByEvent = Map.groupBy(refs, ({ eventId }) => eventId);
  const settled = await Promise.all(
    [...refsByEvent].map(async ([eventId, some]): Promise<Group<R, T>> => {
      const working = work(eventId, some);
      const isAlone = refsByEvent.size === 1;
      const [result] = await Promise.allSettled([isAlone ? working : inTime(call, working)]);
      return { eventId, refs: some, result };
    }),
  );
  const { requestId } = call;
  const failures = settled.flatMap(({ eventId, result }) =>
    result.status === "rejected" ? [{ reason: result.reason, part: { eventId, requestId } }] : [],
  );
  tellPartFailures(failures, onEventFailure);
  return settled;
}

/** The ids of these allocations, each once. */
export function idsOf(refs: readonly Ref[]): string[] {
  return [...new Set(refs.map(({ allocationId }) => allocationId))];
}
