import { within } from "@tessera/service-kit/deadline";
import { ServiceError } from "@tessera/service-kit/service-error";
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
  /** Told of failures of single events that nobody foresaw. */
  onBug: (reason: unknown) => void;
}

/** What a call is told by its caller. */
export interface Call {
  /** Aborted when the caller has gone. */
  signal?: AbortSignal | undefined;
  /** How long the caller waits, in milliseconds; for ever when absent. */
  timeoutMs?: number | undefined;
}

/** The entries of one event, with their places in the request. */
interface Group {
  eventId: string;
  allocationIds: string[];
  places: number[];
}

/** How long before its caller's deadline a call tells what has been done: milliseconds, and a share at most. */
const ANSWER_BEFORE = { ms: 250, share: 0.2 };

/**
 * Runs `work` once for each event, for all at the same time: the ledger combines them.
 *
 * A failure of one event does not keep the others from being served: it is returned beside them.
 * Nor does one that takes long: shortly before the caller's deadline it has failed with
 * DEADLINE_EXCEEDED, whatever comes of it.
 */
export async function byEvent<T>(
  refs: readonly Ref[],
  { onBug, ...call }: Call & Pick<BatchDeps, "onBug">,
  work: (eventId: string, allocationIds: readonly string[]) => Promise<T>,
): Promise<(Group & { result: PromiseSettledResult<T> })[]> {
  const groups = groupsOf(refs);
  return await Promise.all(
    groups.map(async (group) => {
      const working = work(group.eventId, group.allocationIds);
      const [result] = await Promise.allSettled([
        groups.length === 1 ? working : inTime(call, working),
      ]);
      if (result.status === "rejected" && !(result.reason instanceof ServiceError)) {
        onBug(result.reason);
      }
      return { ...group, result };
    }),
  );
}

/** Rejects with DEADLINE_EXCEEDED when the work takes so long that its neighbours would be late. */
export function inTime<T>({ timeoutMs }: Call, work: Promise<T>): Promise<T> {
  if (timeoutMs === undefined) {
    return work;
  }
  const left = timeoutMs - Math.min(ANSWER_BEFORE.ms, ANSWER_BEFORE.share * timeoutMs);
  return within(Math.max(1, Math.floor(left)), "the event's stock", work);
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
