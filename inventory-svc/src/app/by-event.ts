/** How many events of one call are settled at once: their commits share the log's writes. */
const MAX_PARALLEL = 4;

/** One allocation of one event. */
export interface Ref {
  allocationId: string;
  eventId: string;
}

/** The entries of one event, with their places in the request. */
interface Group {
  eventId: string;
  allocationIds: string[];
  places: number[];
}

/**
 * Runs `work` once for each event, a few at a time, in the order of their ids.
 *
 * No transaction spans two events, so the order cannot deadlock. A failure of one event does
 * not keep the others from being served: it is returned beside them.
 */
export async function byEvent<T>(
  refs: readonly Ref[],
  work: (eventId: string, allocationIds: readonly string[]) => Promise<T>,
): Promise<(Group & { result: PromiseSettledResult<T> })[]> {
  const groups = groupsOf(refs);
  const results: (Group & { result: PromiseSettledResult<T> })[] = [];
  for (let first = 0; first < groups.length; first += MAX_PARALLEL) {
    const some = groups.slice(first, first + MAX_PARALLEL);
    const settled = await Promise.allSettled(
      some.map(({ eventId, allocationIds }) => work(eventId, allocationIds)),
    );
    for (const [index, result] of settled.entries()) {
      const group = some[index];
      if (group !== undefined) {
        results.push({ ...group, result });
      }
    }
  }
  return results;
}

function groupsOf(refs: readonly Ref[]): Group[] {
  const groups = new Map<string, Group>();
  for (const [place, { allocationId, eventId }] of refs.entries()) {
    const group = groups.get(eventId) ?? { eventId, allocationIds: [], places: [] };
    group.allocationIds.push(allocationId);
    group.places.push(place);
    groups.set(eventId, group);
  }
  return [...groups.values()].sort((a, b) => (a.eventId < b.eventId ? -1 : 1));
}
