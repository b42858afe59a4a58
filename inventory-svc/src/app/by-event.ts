import { type Call, inTime } from "./call.ts";
import { type OnEventFailure, tellEventFailures } from "./event-failures.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerMetrics } from "./ledger-metrics.ts";

/** One allocation of one event. */
export interface Ref {
  allocationId: string;
  eventId: string;
}

/** What a call for several events needs. */
export interface BatchDeps {
  ledger: Ledger;
  metrics: LedgerMetrics;
  onEventFailure: OnEventFailure;
}

/** The entries of one event, with their places in the request. */
interface Group {
  eventId: string;
  allocationIds: string[];
  places: number[];
}

/**
 * Runs `work` once for each event, for all at the same time: the ledger combines them.
 *
 * A failure of one event does not keep the others from being served: it is returned beside them.
 * Nor does one that takes long: shortly before the caller's deadline it has failed with
 * DEADLINE_EXCEEDED, whatever comes of it.
 */
export async function byEvent<T>(
  refs: readonly Ref[],
  { onEventFailure, ...call }: Call & Pick<BatchDeps, "onEventFailure">,
  work: (eventId: string, allocationIds: readonly string[]) => Promise<T>,
): Promise<(Group & { result: PromiseSettledResult<T> })[]> {
  const groups = groupsOf(refs);
  const settled = await Promise.all(
    groups.map(async (group) => {
      const working = work(group.eventId, group.allocationIds);
      const [result] = await Promise.allSettled([
        groups.length === 1 ? working : inTime(call, working),
      ]);
      return { ...group, result };
    }),
  );
  const failures = settled.flatMap(({ result }) =>
    result.status === "rejected" ? [result.reason] : [],
  );
  tellEventFailures(failures, onEventFailure);
  return settled;
}

function groupsOf(refs: readonly Ref[]): Group[] {
  const groups = new Map<string, Group>();
  for (const [place, { allocationId, eventId }] of refs.entries()) {
    const group = groups.get(eventId) ?? { eventId, allocationIds: [], places: [] };
    group.allocationIds.push(allocationId);
    group.places.push(place);
    groups.set(eventId, group);
  }
  return [...groups.values()];
}
