import { type Call, inTime } from "./call.ts";
import { type OnEventFailure, tellEventFailures } from "./event-failures.ts";
import type { Ledger, Ref } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

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
  const failures = settled.flatMap(({ result }) =>
    result.status === "rejected" ? [result.reason] : [],
  );
  tellEventFailures(failures, onEventFailure);
  return settled;
}

/** The ids of these allocations, each once. */
export function idsOf(refs: readonly Ref[]): string[] {
  return [...new Set(refs.map(({ allocationId }) => allocationId))];
}
